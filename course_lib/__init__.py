"""Knowledge distillation for text: the package behind the course.

Data flows one way, and each word is one module:

    reviews -> text -> batches -> models -> losses -> training -> metrics -> records

Start with `course_lib.losses`: it is the idea, and it needs nothing but torch.
"""

__version__ = "0.1.0"

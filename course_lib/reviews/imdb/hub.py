"""The hub's copy of the IMDB reviews, which names neither films nor stars.

Validation is chosen by film, so this copy cannot say which reviews belong there. The
answer is kept here instead, one bit for each distinct training text in the order of
their hashes, so that every source gives the very same split. The bits mean something
only for the very same texts, and the fingerprint says whether they are.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from course_lib.reviews.imdb.archive import EXPECTED, LABELS, clean
from course_lib.reviews.leaks import normalise
from course_lib.reviews.table import DataError, Reviews

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

REPOSITORY = "stanfordnlp/imdb"
HUB_SPLITS = {"train": "train", "test": "test", "unsupervised": "unlabelled"}
# Two training reviews are of a film that the test split reviews too.
SHARED_FILM = ("030b61ffa5f116d6", "ff15d99790a4ec91")
FINGERPRINT = "18c5f5e1e10d9dbf4df20b35d463127ec7658e3e2e6a72b17ee50ba29af6a9ba"
VALIDATION = (
    "c-l2qv94Rk5j{Ix(o2R8mNXsEiUKTYCZOzBTnj3UR6~jdZMfhAR47G&8^MLkH0hTVEl>|Bm_S8J+I0$j"
    "0_~(oI)8$Td`QmhJ`wL-^4>c;J9FmDnZ;hBJ0&dQ@muUu&OpEf!2wA8{{`TX70C6TuT$VvFh1K2MC_f%"
    "=NR&8pQL4NRDVG%PY@TypSo)`k(7?ro6=%XJWK<6d2i3AG=AUf3Yy*<105{OF0z47@9{@++#ZoDLu7Q^"
    "?nnoThW~IO%5#isybdqAPog4h-6@J3)RrZYtE2JaW1nkq7@Y?nVM}wDlDmn*c(^V6=v3eDMX_sUj9}g2"
    "rk}V4{1Gja@6(D-J<?9Jqs6*p$mD+7&Mt~o$d)?(gj*r1UcAq02*s_T<}G|PXasH;Fo?KY;u0fc5HX<9"
    "uqJMaul*{^*vuIX(f~Qcd|xCLy4celzqEbBEQ`+`mP7v^I*Fry6T|umL`J+7j=+?)`06#HzocBsaa0|&"
    "gW@+5hKL-K;F#_!$<MWQp0DItM@o<xvGC@lBtPJt!)u*zm*D2!06)-xVa4=3Aj~b^4{_aP97_RC;!B!1"
    "GXod!>31c{;0X>iT#Y@-Uuf65xmdBSw2NL|VNN??e0-=RtN~5%Pb;6V^M+>R1j$`;HqJhvCqg7l?I}Jp"
    "F4Te{|KS$n#I>QZq%HLWAOG+ag=iK*UzT*VmA>MeTQ2isUyzUVeRGy27Za&0`K(q3zrofv9^O7>6;>@l"
    "GmBU<-Ij>puS4A!pF-*%=<O}GzHo<|vM3E^h_gWYZoIEyq*7}_n?lIiGxRpm+CYr`UKicS4&gSlAcI~O"
    "bmq=u`Y?e-N?}f;DKo^bv|dd<<1PC#L$|R_*4EDYh&a6i2M<XkGSQRD2DHc4mX9zxl18$beGAHm^$b_<"
    "FbzWuSP+dXd+3++-?G~x?d|=C+<<<+q<eA656K*+^@zbU&q{Z$VC1x)N2f7sfrEGj_Fd^XBVuxAiGt4*"
    "zea7KLJ^Pe&BN+zUH&f8RPh1sd!d2vxeLgevPT%c3oOPxiIhkXxx-IZe1<eJ{bK6UX&mFRYI!SmHiX(p"
    "`jgb>IB{q^h9nwE=rKub?ph^uOOeN+N{NO6S1-vbzlMyQJFuAx)6Urw*A9Meh)Wn{9TeoVDPkz<_(#LY"
    "Zd`a|%83haFGUdTFBaZgj;1ACqQ+fTfPOTW%<1b|3}AGk3?&mlR!@}+h(y3s=FrQjGBeqA8`^-=Ipsn<"
    "mt#Z68eZ!apOj*o^VNXHTp`qmzBOOKrfSlUImM!lyK<|wH)nHdI`gw;Bly><mg%a4^L$$uiuE2r4bq5("
    "NwH<}dMKzGMF{>fJ)_A7%zz$ba{kV}h(rGRAE~@dfj~UrRB^`Q(ov?ooHr&$+J{?v8&yhJ6jR&tUqqst"
    "NKsA(%IKzB=9jBfNfaeYI{^<C{L~r_<7pz3MAekkIjx9$4P_j1Q#KwS45&--H#R~#Zdc@DQwu9=<5xqH"
    "lf7OanBc}ir;39!HdD`jut^6zNtVPkRU-SbRhnemKg3HGWUU-+go}?qvOY>@QveIgTF$v#1+!D9bQk}n"
    "0CJQKUT}ap{8oE!X>e3yPcAY;Mi35fQ-`}A^SZ3Zm;9EwOu4r;n#bS7)Uk`_Q;)fGbr)IZ&|;rU7wcnA"
    "yP#48sss1Xvs~ACGOGJsl{7|!JGy3$G3oo1jnT+DpzYjnxU=)Onm6VlVwlioEFKfaw6wYx`rBMf`AFUC"
    "geB!zrX~|`k4nAwyhv|vJYZG)iMKY5zWP;ZggTl@qJvezQrA0WZ!td8``C>n!I~HLG$)ZUrgSEJIVQzP"
    "$a&?r__JT|Byd=AxSWgu)cbO%an#&wjEF{%`4|4(0b#{4@lQV9Xdx%MuPzcESkW8m#Utx#>(4txxv|M6"
    "d9r#lA}Rajs3RB!uI!r>?0gY{$e;OsMzhxGF+0byn~Clv^!cp&sXFRY3Z*CP@aE%@taCa<-{K3(I-Hz8"
    "Y`77R6lp7;Q=r5KEpc$(wMGQTH*cPWp8foy4ki=zE6+%wwgF4hwNdA)oXf6cZFl!vS{pHuhsJM53Xw>R"
    "=VAd*>KP?r<vMF$5{kF645O5&-r{$8TBittiTUFR^;m4a^Z(kh7gw!y#mUY9vAG{)b}srWzyFSK$ZadX"
    "H}(b+#}S>xql)8<uw#=nA==p{l)mO!gkz7_+DL4f(#XePK*kLtDrZ}{P%k6WEA}0!wnyfxZ5f}6BWpX1"
    "OS$aqyhRx)%JjVfL2d?~`m(Qy+xb9##%2wkFm^8se&%1KW!uce*)Sq3Q$Ab9OFZXInZ}V*z47am!?DGx"
    "jCXGI7YkKtA(HzTKaygGnz)-oFnJuht5wwI3|_V2-Lw>*1=OTJt>L?@M#ldE(=|6R"
)


def text_key(text: str) -> str:
    """A short name for a text; texts that count as the same share it."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()[:16]


def fingerprint(keys: Sequence[str]) -> str:
    """One checksum for a set of texts, whatever their order."""
    return hashlib.sha256("".join(sorted(set(keys))).encode()).hexdigest()


def pack(keys: Iterable[str], chosen: Iterable[str]) -> str:
    """Which keys are `chosen`, as text: one compressed bit for each key in order."""
    wanted = set(chosen)
    bits = np.packbits([key in wanted for key in sorted(set(keys))])
    return base64.b85encode(zlib.compress(bits.tobytes(), 9)).decode()


def unpack(keys: Iterable[str], packed: str) -> set[str]:
    """The keys that were chosen: the inverse of `pack`."""
    ordered = sorted(set(keys))
    octets = np.frombuffer(zlib.decompress(base64.b85decode(packed)), dtype=np.uint8)
    bits = np.unpackbits(octets, count=len(ordered))
    return {key for key, bit in zip(ordered, bits, strict=True) if bit}


def splits() -> dict[str, Reviews]:
    """The four splits as the hub has them, leaks between texts included.

    Raises `DataError` if the hub cannot be reached or its texts are not the published
    ones.
    """
    data = _from_hub()
    found = {name: _reviews(data[hub], hub, name) for hub, name in HUB_SPLITS.items()}
    expected = {"train": 0, "test": 0, "unlabelled": EXPECTED["train/unsup"]}
    for group in ("train", "test"):
        expected[group] = EXPECTED[f"{group}/neg"] + EXPECTED[f"{group}/pos"]
    counts = {name: len(reviews) for name, reviews in found.items()}
    keys = [text_key(text) for text in found["train"].texts]
    if counts != expected or fingerprint(keys) != FINGERPRINT:
        raise DataError(
            f"{REPOSITORY} on the hub holds {counts} reviews; expected {expected}, and "
            "the texts as published"
        )
    validation = unpack(keys, VALIDATION)
    kept = np.array([key not in SHARED_FILM for key in keys])
    chosen = np.array([key in validation for key in keys])
    training = found.pop("train")
    found["train"] = training.select(kept & ~chosen)
    found["validation"] = replace(training.select(kept & chosen), split="validation")
    return found


def _from_hub() -> DatasetDict:
    import datasets  # slow to import, and most runs never need it
    from huggingface_hub import HfApi

    try:
        # Asked first since load_dataset would try a dead network for half a minute.
        HfApi().dataset_info(REPOSITORY, timeout=10)
        return datasets.load_dataset(REPOSITORY)
    except Exception as error:  # whatever the hub's libraries raise
        raise DataError(
            f"could not load {REPOSITORY} from the hub: {type(error).__name__}: {error}"
        ) from error


def _reviews(rows: Dataset, hub_split: str, split: str) -> Reviews:
    labels = (
        None if split == "unlabelled" else np.array(list(rows["label"]), dtype=np.int64)
    )
    return Reviews(
        name="imdb",
        split=split,
        texts=[clean(text) for text in rows["text"]],
        labels=labels,
        label_names=LABELS,
        ids=[f"hub/{hub_split}/{row}" for row in range(len(rows))],
        notes=("from the hub, whose copy names neither films nor stars",),
    )

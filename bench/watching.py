"""How well text watches find: by their words, or by the ranker's judgement of a pair: `python -m bench.watching`.

A watch is a phrase as somebody would type it, with the rows of the demo data that they would want to be told of and no
others, judged by reading the rows. By words, all of a phrase must occur; by the ranker, the phrase stands for the other
side's text, and what is at or above *possible* is found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from rich.console import Console
from rich.table import Table

from bench.judged_sets import DATA, demo_collection
from bench.stability import encoder_folder
from matcher.embedding import encode_document, encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import read_folder
from matcher.ranking import Ranker, load_ranker
from matcher.types import Band, Document, EncodedDocument, Side
from models.documents import searchable_text

Found = Callable[[str], set[str]]

FOR_NEEDS: Mapping[str, set[str]] = MappingProxyType(
    {
        "falls": {"n-frailty-find"},
        "preventing falls in older people": {"n-frailty-find"},
        "care homes": {"n-care-home-remote", "n-care-home-hydration"},
        "ADHD": {"n-adhd"},
        "waiting lists for autism and ADHD assessment": {"n-adhd", "n-autism"},
        "asthma": {"n-asthma-diagnosis"},
        "lung disease rehabilitation": {"n-copd-rehab"},
        "COPD": {"n-copd-rehab"},
        "maternity": {"n-stillbirth", "n-maternity-triage", "n-maternity-plan"},
        "mental health of new mothers": {"n-perinatal-mh"},
        "suicide prevention": {"n-suicide"},
        "bowel cancer": {"n-bowel-triage", "n-early-cancer"},
        "digital pathology": {"n-cellpath"},
        "interpreters": {"n-language"},
        "translation for people who do not speak English": {"n-language"},
        "smoking cessation": {"n-smoking"},
        "virtual wards": {"n-virtual-ward"},
        "remote monitoring at home": {"n-virtual-ward"},
        "type 2 diabetes": {"n-diabetes-gap", "n-sa-diabetes"},
        "obesity": {"n-obesity-equity"},
        "surgical wound infection": {"n-ssi"},
        "antibiotic resistance": {"n-amr"},
        "end of life care": {"n-eol"},
        "dementia carers": {"n-dementia"},
        "shared care records": {"n-shared-record", "n-tell-once"},
        "sustainability of operating theatres": {"n-netzero"},
        "orthopaedic implants": set(),
        "dental care": set(),
        "sepsis": set(),
        "robotic surgery": set(),
    }
)
FOR_INNOVATIONS: Mapping[str, set[str]] = MappingProxyType(
    {
        "virtual wards": {"inhealthcare", "doccla", "current-health", "clinitouch", "luscii", "vitalpatch", "docobo"},
        "COPD": {"mycopd", "active-me", "kaia-copd", "copdpredict", "lenus-copd", "clinitouch"},
        "enlarged prostate": {"urolift", "greenlight-xps", "rezum", "plasma"},
        "care homes": {"immedicare", "feebris", "whzan", "docobo"},
        "low back pain": {"getubetter", "hinge-health", "pathway-through-pain", "flok", "phio"},
        "skin cancer": {"derm", "pathpoint-ederma"},
        "help to diagnose ADHD": {"qbtest"},
        "weight management": {"w8buddy", "oviva", "liva", "roczen", "second-nature"},
        "online therapy for depression": {"silvercloud-depression", "deprexis", "wysa"},
        "eating disorders": {"freed"},
        "central line infection": {"securacath"},
        "appointment reminders": {"drdoctor", "deep-medical"},
        "asthma diagnosis": {"feno"},
        "frailty": {"efi"},
        "stroke imaging": {"brainomix"},
        "insomnia": {"sleepio"},
        "hearing loss": set(),
        "dental care": set(),
    }
)

WATCHES: Mapping[Side, Mapping[str, set[str]]] = MappingProxyType({Side.NEED: FOR_NEEDS, Side.INNOVATION: FOR_INNOVATIONS})


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found of what was wanted."""

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float:
        """How much of what was found was wanted."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """How much of what was wanted was found."""
        return self.right / self.wanted

    @property
    def f1(self) -> float:
        """Both together."""
        return 2 * self.right / (self.found + self.wanted)


def by_words(rows: Sequence[Document]) -> Found:
    """All words of a phrase, in any order, as parts of words."""
    texts = {row.id: searchable_text(*row.fields.values()) for row in rows}
    return lambda phrase: {key for key, text in texts.items() if all(word in text for word in searchable_text(phrase).split())}


def by_ranker(ranker: Ranker, rows: Sequence[EncodedDocument], stands_for: Callable[[str], EncodedDocument]) -> Found:
    """The judgement of the phrase as the other side's text."""

    def found(phrase: str) -> set[str]:
        asked = stands_for(phrase)
        pairs = ((asked, row) if asked.document.side is Side.NEED else (row, asked) for row in rows)
        judged = [ranker.judge(need, innovation) for need, innovation in pairs]
        at = "innovation_id" if asked.document.side is Side.NEED else "need_id"
        return {getattr(each, at) for each in judged if each.band is not Band.WEAK}

    return found


def count(watches: Mapping[str, set[str]], found: Found) -> Counted:
    """Over all watches together."""
    each = [(found(phrase), wanted) for phrase, wanted in watches.items()]
    return Counted(sum(len(a & b) for a, b in each), sum(len(a) for a, _ in each), sum(len(b) for _, b in each))


def run() -> bool:
    """Count both ways, for both sides; the shipped one must find more of what was wanted, and as rightly, as words do."""
    encoder, ranker = load_encoder(encoder_folder()), load_ranker()
    collection = demo_collection(read_folder(DATA / "wy", "dev"))
    rows = {Side.NEED: collection.queries, Side.INNOVATION: collection.corpus}
    table = Table("watched", "by", "right", "found", "wanted", "precision", "recall", "F1")
    kept = True
    for side, watches in WATCHES.items():
        documents = [row.document(side) for row in rows[side]]
        judged = count(watches, by_ranker(ranker, encode_documents(documents, encoder), partial(_phrase, encoder, side)))
        worded = count(watches, by_words(documents))
        for by, found in (("ranker", judged), ("words", worded)):
            figures = (f"{each:.2f}" for each in (found.precision, found.recall, found.f1))
            table.add_row(side.value, by, *map(str, (found.right, found.found, found.wanted)), *figures)
        kept = kept and judged.recall > worded.recall and judged.precision >= worded.precision
    Console().print(table)
    return kept


def _phrase(encoder: Encoder, watched: Side, phrase: str) -> EncodedDocument:
    """The phrase of a watch as `api.services.watching` has it: the name of a text of the other side."""
    side, field = (Side.INNOVATION, "name") if watched is Side.NEED else (Side.NEED, "title")
    return encode_document(Document(id="watch", side=side, fields={field: phrase}), encoder)


if __name__ == "__main__":
    run()

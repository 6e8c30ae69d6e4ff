"""The ready answers: one file a topic, YAML or Markdown, written by the office, checked when
loaded. docs/faq.md is the office's guide."""

from dialogs.answers.answer import Answer, AnswerFile, Sentence, Source
from dialogs.answers.collection import (
    AnswerBook,
    Answers,
    OfficeAnswers,
    Reading,
    Shelf,
)
from dialogs.answers.problems import AnswerError, Problem
from dialogs.answers.reading import Folder, is_answer, read_folder, read_shipped

__all__ = [
    "Answer",
    "AnswerBook",
    "AnswerError",
    "AnswerFile",
    "Answers",
    "Folder",
    "OfficeAnswers",
    "Problem",
    "Reading",
    "Sentence",
    "Shelf",
    "Source",
    "is_answer",
    "read_folder",
    "read_shipped",
]

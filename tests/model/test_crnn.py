"""The network's shapes, and a loss that does not punish reading what a transcriber left out."""

import dataclasses

import pytest
import torch

from model.config import CRNNConfig
from model.crnn import CRNN, ctc_loss
from rasm.config import from_dict
from rasm.errors import ConfigError
from rasm.lines.ctc import WIDTH_STRIDE
from rasm.text.charset import DEFAULT_CHARSET

SMALL = CRNNConfig(channels=(4, 4, 8, 8), projection=8, lstm_size=8, lstm_layers=1, steps_at_once=1)


@pytest.mark.parametrize("width_px", [4, 64, 132])
def test_one_step_for_every_fourth_column(width_px: int) -> None:
    network = CRNN(SMALL, 48, DEFAULT_CHARSET.classes).eval()
    steps, batch, classes = network(torch.zeros(2, 1, 48, width_px, dtype=torch.uint8)).shape
    assert (steps, batch, classes) == (width_px // WIDTH_STRIDE, 2, DEFAULT_CHARSET.classes)


@pytest.mark.parametrize("together", [1, 2, 3])
def test_an_lstm_that_takes_several_steps_at_a_time_still_tells_them_apart(together: int) -> None:
    torch.manual_seed(0)
    network = CRNN(dataclasses.replace(SMALL, steps_at_once=together), 48, 30).eval()
    images = torch.randint(0, 255, (2, 1, 48, 4 * together * 5), dtype=torch.uint8)
    features = network.features(images)
    assert features.shape == (5, 2, SMALL.projection)
    with torch.inference_mode():
        scores = network.output(network.lstm(features)[0])
        logits = network.logits(images)
    assert logits.shape == (5 * together, 2, 30)
    for step in range(5 * together):
        i, first = step // together, step % together * 30
        torch.testing.assert_close(logits[step], scores[i, :, first : first + 30])


def test_a_line_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    network = CRNN(SMALL, 48, 30).eval()
    images = torch.randint(0, 255, (3, 1, 48, 64), dtype=torch.uint8)
    with torch.inference_mode():
        together = network(images)
        alone = torch.cat([network(images[i : i + 1]) for i in range(3)], dim=1)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def likely(path: list[int], classes: int) -> torch.Tensor:
    """Log-probabilities (steps, 1, classes) of a network that is nearly sure of ``path``."""
    return (torch.nn.functional.one_hot(torch.tensor(path), classes)[:, None].float() * 12).log_softmax(2)


def test_the_loss_forgives_unlabelled_classes_and_only_those() -> None:
    letter, mark, other = 1, 2, 3
    reads_the_mark = likely([letter, mark, 0, other, 0], 4)
    label, length = torch.tensor([letter, other]), torch.tensor([2])
    none, marks = torch.zeros(1, 4, dtype=torch.bool), torch.zeros(1, 4, dtype=torch.bool)
    marks[0, mark] = True
    assert ctc_loss(reads_the_mark, label, length, none) > 5
    assert ctc_loss(reads_the_mark, label, length, marks) < 0.1
    assert ctc_loss(likely([letter, 0, 0, other, 0], 4), label, length, marks) < 0.1, "to leave the mark out is as good"
    assert ctc_loss(likely([other, 0, 0, letter, 0], 4), label, length, marks) > 5


def test_the_loss_matches_pytorchs_without_unlabelled_classes() -> None:
    torch.manual_seed(0)
    log_probabilities = torch.randn(20, 2, 6).log_softmax(2)
    targets, lengths = torch.tensor([1, 2, 2, 3, 4]), torch.tensor([3, 2])
    expected = torch.nn.functional.ctc_loss(log_probabilities, targets, torch.tensor([20, 20]), lengths, reduction="none").mean()
    torch.testing.assert_close(ctc_loss(log_probabilities, targets, lengths, torch.zeros(2, 6, dtype=torch.bool)), expected)


def test_unknown_and_missing_settings_are_named() -> None:
    from dataclasses import asdict

    with pytest.raises(ConfigError, match="has no speed"):
        from_dict(CRNNConfig, asdict(SMALL) | {"speed": 1})
    with pytest.raises(ConfigError, match="lacks dropout"):
        from_dict(CRNNConfig, {k: v for k, v in asdict(SMALL).items() if k != "dropout"})

"""From a torch network to one ONNX file that ONNX Runtime serves: traced, attention fused, fp32. Needs the extra [encoder]."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

OPSET = 17


def write_onnx(network: "torch.nn.Module", target: Path, *, inputs: Sequence[str], output: str, config: Any = None) -> None:  # noqa: ANN401 -- a configuration of transformers
    """Trace a network that takes whole numbers, (texts, tokens) each, and write it.

    What the tracing could get wrong is left to the caller, who compares the outcome with the network.

    Args:
        network: its arguments are the inputs in this order, its result (texts, n).
        target: the file to write.
        inputs: the names of the arguments.
        output: the name of the result.
        config: of the transformer inside, whose attention is fused; None when there is none.
    """
    import torch  # noqa: PLC0415 -- seconds, and only the export needs it

    ones = torch.ones((2, 8), dtype=torch.int64)
    free: Mapping[str, Mapping[int, str]] = {name: {0: "text", 1: "token"} for name in inputs}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]  # branches on shapes
        warnings.filterwarnings("ignore", "Exporting aten::index operator")  # negative indices
        warnings.simplefilter("ignore", DeprecationWarning)  # the old exporter is the one that needs no further package
        torch.onnx.export(
            network.eval(),
            (ones,) * len(inputs),
            str(target),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={**free, output: {0: "text"}},
            opset_version=OPSET,
            dynamo=False,
        )
    if config is not None:
        _fuse(target, config)


def _fuse(target: Path, config: Any) -> None:  # noqa: ANN401 -- a configuration of transformers
    """Let one operation stand for each block of attention, which is half of the speed; zeros let the shapes be found."""
    from onnxruntime.transformers.optimizer import optimize_model  # noqa: PLC0415 -- likewise

    heads, width = getattr(config, "num_attention_heads", 0), getattr(config, "hidden_size", 0)
    fused = optimize_model(str(target), "bert", num_heads=heads, hidden_size=width, opt_level=0)
    fused.save_model_to_file(str(target))

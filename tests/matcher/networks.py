"""Small real networks, with random weights, in the folders that their libraries write: an encoder, static or not, a cross-encoder."""

import json

from matcher.sources import Source

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "people", "who", "fall", "at", "home", "sepsis", ".", "s", "##e"]
REVISION = "0123456789abcdef0123456789abcdef01234567"
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64}


def make_source(folder, *, pooling="cls", modules=("Transformer", "Pooling"), include_prompt=True):
    """An encoder of two layers that reads 16 tokens."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    torch.manual_seed(7)
    BertModel(BertConfig(vocab_size=len(WORDS), **SHAPE)).save_pretrained(folder)
    _write_tokenizer(folder)
    paths = {name: f"{place}_{name}" for place, name in enumerate(modules)} | {"Transformer": ""}
    listed = [
        {"idx": place, "name": str(place), "path": paths[name], "type": f"sentence_transformers.models.{name}"}
        for place, name in enumerate(modules)
    ]
    write_json(folder / "modules.json", listed)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 16, "do_lower_case": False})
    if "Pooling" in paths:
        (folder / paths["Pooling"]).mkdir()
        how = {"embedding_dimension": 32, "pooling_mode": pooling, "include_prompt": include_prompt}
        write_json(folder / paths["Pooling"] / "config.json", how)
    if "Dense" in paths:
        _write_dense(folder / paths["Dense"])
    return Source(name="tiny", folder=folder, licence="none")


def make_static_source(folder):
    """An encoder that takes the mean of fixed vectors of words."""
    import torch
    from safetensors.torch import save_file

    (folder / "0_StaticEmbedding").mkdir(parents=True)
    torch.manual_seed(7)
    _write_tokenizer(folder / "0_StaticEmbedding")
    save_file({"embedding.weight": torch.randn(len(WORDS), 32)}, folder / "0_StaticEmbedding" / "model.safetensors")
    listed = [{"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": "sentence_transformers.models.StaticEmbedding"}]
    write_json(folder / "modules.json", listed)
    return Source(name="static", folder=folder, licence="none")


def make_cross_source(folder, *, labels=1, positions=64, types=2):
    """A cross-encoder of two layers with a head of so many numbers; every call makes the same one."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder.mkdir(parents=True)
    torch.manual_seed(7)
    shape = {**SHAPE, "max_position_embeddings": positions, "type_vocab_size": types}
    network = BertForSequenceClassification(BertConfig(vocab_size=len(WORDS), num_labels=labels, initializer_range=0.5, **shape))
    network.save_pretrained(folder)
    _write_tokenizer(folder, model_max_length=positions)
    return folder


def write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def _write_tokenizer(folder, **said):
    from tokenizers import BertWordPieceTokenizer

    BertWordPieceTokenizer({word: place for place, word in enumerate(WORDS)}).save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizerFast", "do_lower_case": True, **said})


def _write_dense(folder):
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    write_json(
        folder / "config.json",
        {"in_features": 32, "out_features": 8, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"},
    )
    save_file({"linear.weight": torch.randn(8, 32), "linear.bias": torch.randn(8)}, folder / "model.safetensors")

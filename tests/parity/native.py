"""The transformers implementations of both families, on a checkpoint in the official layout.

transformers maps the official names to its own while loading. Only its configuration is built here,
from the checkpoint's config.json: the official file's model_type is that of another model.
"""
import json
import pathlib

import torch
from transformers import (DeepseekOcr2Config, DeepseekOcr2ForConditionalGeneration,
                          UnlimitedOcrConfig, UnlimitedOcrForConditionalGeneration)

import checkpoint


def _text(sizes):
    layers, dense = sizes["num_hidden_layers"], sizes["first_k_dense_replace"]
    kept = ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
            "intermediate_size", "moe_intermediate_size", "n_routed_experts", "n_shared_experts",
            "num_experts_per_tok", "vocab_size", "max_position_embeddings")
    return {key: sizes[key] for key in kept} | {
        "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None, "hidden_act": "silu",
        "rms_norm_eps": 1e-6, "topk_method": "greedy", "routed_scaling_factor": 1.0,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "tie_word_embeddings": sizes.get("tie_word_embeddings", False),
        "mlp_layer_types": ["dense"] * dense + ["sparse"] * (layers - dense),
    }


def _sam(config):
    sam = checkpoint.sam_sizes(config)
    return {"hidden_size": sam["width"], "output_channels": sam["out_chans"],
            "num_hidden_layers": sam["layers"], "num_attention_heads": sam["heads"],
            "image_size": sam["image_size"], "patch_size": sam["patch_size"],
            "window_size": sam["window_size"], "global_attn_indexes": sam["global_attn_indexes"],
            "mlp_dim": int(sam["width"] * sam["mlp_ratio"]),
            "downsample_channels": sam["downsample_channels"]}


def _config(config):
    text = _text(config["language_config"])
    outer = {"image_token_id": config.get("image_token_id", checkpoint.IMAGE_TOKEN),
             "tie_word_embeddings": text["tie_word_embeddings"]}
    if checkpoint.is_v2(config):
        sizes = checkpoint.query_sizes(config)
        encoder = {"hidden_size": sizes["dim"], "intermediate_size": sizes["intermediate_size"],
                   "num_hidden_layers": sizes["layers"], "num_attention_heads": sizes["heads"],
                   "num_key_value_heads": sizes["kv_heads"], "rms_norm_eps": sizes["rms_norm_eps"],
                   "max_position_embeddings": 131072,
                   "rope_parameters": {"rope_type": "default", "rope_theta": sizes["rope_theta"]}}
        return DeepseekOcr2Config(
            vision_config={"sam_config": _sam(config), "encoder_config": encoder},
            text_config=text, **outer)
    clip = checkpoint.clip_sizes(config)
    encoder = {"hidden_size": clip["width"], "num_hidden_layers": clip["layers"],
               "num_attention_heads": clip["heads"], "image_size": clip["image_size"],
               "patch_size": clip["patch_size"],
               "intermediate_size": int(clip["width"] * clip["mlp_ratio"])}
    # UnlimitedOcr is v1's architecture with a sliding window for the tokens it writes. The class wants
    # a window; with full attention in every layer none is used.
    layers = {"layer_types": ["full_attention"] * text["num_hidden_layers"], "sliding_window": 1}
    return UnlimitedOcrConfig(vision_config={"sam_config": _sam(config), "encoder_config": encoder},
                              text_config=text | layers, **outer)


def load(folder, dtype, device, experts=None):
    """The model of a folder; `experts` names another way of computing experts than the usual one."""
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    kind = (DeepseekOcr2ForConditionalGeneration if checkpoint.is_v2(config)
            else UnlimitedOcrForConditionalGeneration)
    model, report = kind.from_pretrained(folder, config=_config(config), dtype=dtype,
                                         output_loading_info=True,
                                         **({"experts_implementation": experts} if experts else {}))
    # What was not loaded would be random; the official patch convolution is never run.
    left_out = {name for name in report["unexpected_keys"] if "patch_embedding" not in name}
    wrong = {key: report[key] for key in ("missing_keys", "mismatched_keys") if report[key]}
    if left_out or wrong:
        raise ValueError(f"{folder}: {wrong} left out: {sorted(left_out)[:8]}")
    return model.to(device).eval()


def forward(model, page, ids, **options):
    """Runs prompt and further ids in one go.

    page: {"images": [{"global": [1,3,S,S], "tiles": [n,3,s,s] or absent, "grid": (columns, rows)}]}
    """
    parameter = next(model.parameters())
    place = {"device": parameter.device, "dtype": parameter.dtype}
    images = page["images"]
    arguments = {"pixel_values": torch.cat([image["global"] for image in images]).to(**place)}
    tiles = [image["tiles"] for image in images if "tiles" in image]
    if tiles:
        arguments["pixel_values_local"] = torch.cat(tiles).to(**place)
        arguments["num_local_patches"] = [len(image.get("tiles", ())) for image in images]
        if isinstance(model, UnlimitedOcrForConditionalGeneration):
            arguments["patches_grid"] = [list(image["grid"]) for image in images]
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids], device=parameter.device), use_cache=False,
                     **arguments, **options)

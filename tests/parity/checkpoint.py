"""Random checkpoints in the official layout of DeepSeek-OCR (v1) and DeepSeek-OCR-2 (v2).

A config.json says what tensors there are; each has a scale, chosen so that what a real model computes
is computed here, too: activations stay near 1, attention looks at some rows more than at others,
experts matter, positions matter. Initialisers that leave positions at zero would test nothing.
"""
import dataclasses
import math

IMAGE_TOKEN = 128815


@dataclasses.dataclass(frozen=True)
class Weight:
    """What a tensor looks like: normally or uniformly spread around a mean."""
    name: str
    shape: tuple
    std: float
    mean: float = 0.0


def official_config(family):
    """The config.json of the official repository, its misleading entries included."""
    language = {
        "hidden_size": 1280, "num_hidden_layers": 12, "num_attention_heads": 10,
        "num_key_value_heads": 10, "intermediate_size": 6848, "moe_intermediate_size": 896,
        "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6,
        "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1, "topk_method": "greedy",
        "use_mla": False, "q_lora_rank": None, "kv_lora_rank": None, "qk_nope_head_dim": 0,
        "qk_rope_head_dim": 0, "v_head_dim": 0, "vocab_size": 129280,
        "max_position_embeddings": 8192, "bos_token_id": 0, "eos_token_id": 1, "lm_head": True,
        "rm_head": False, "torch_dtype": "bfloat16",
    }
    sam = {"downsample_channels": [512, 1024], "global_attn_indexes": [2, 5, 8, 11], "heads": 12,
           "layers": 12, "width": 768}
    body = ({"clip-l-14-224": {"heads": 16, "image_size": 224, "layers": 24, "patch_size": 14,
                               "width": 1024}} if family == "v1" else {"qwen2-0-5b": {"dim": 896}})
    return {
        "architectures": ["DeepseekOCRForCausalLM" if family == "v1" else "DeepseekOCR2ForCausalLM"],
        "model_type": "deepseek_vl_v2", "candidate_resolutions": [[1024, 1024]],
        "global_view_pos": "head", "tile_tag": "2D", "torch_dtype": "bfloat16",
        "transformers_version": "4.46.3",
        "language_config": language,
        "projector_config": {"projector_type": "linear", "n_embed": 1280,
                             "input_dim": 2048 if family == "v1" else 896},
        "vision_config": {"model_name": "deeplip_b_l" if family == "v1" else "deepencoderv2",
                          "image_size": 1024, "mlp_ratio": 3.7362,
                          "width": {"sam_vit_b": sam, **body}},
    }


def is_v2(config):
    return config["architectures"] == ["DeepseekOCR2ForCausalLM"]


def sam_sizes(config):
    """SAM's sizes with what the official code fills in."""
    sam = {"image_size": 1024, "patch_size": 16, "window_size": 14, "out_chans": 256, "mlp_ratio": 4}
    sam |= config["vision_config"]["width"]["sam_vit_b"]
    # v2's official file repeats v1's last width here; the encoder behind it decides.
    last = query_sizes(config)["dim"] if is_v2(config) else clip_sizes(config)["width"]
    return sam | {"downsample_channels": [sam["downsample_channels"][0], last]}


def clip_sizes(config):
    return {"mlp_ratio": 4} | config["vision_config"]["width"]["clip-l-14-224"]


def query_sizes(config):
    return {"layers": 24, "heads": 14, "kv_heads": 2, "intermediate_size": 4864, "rms_norm_eps": 1e-6,
            "rope_theta": 1e6} | config["vision_config"]["width"]["qwen2-0-5b"]


def _matrix(name, out, inner, gain=1.0):
    return Weight(f"{name}.weight", (out, inner), gain / math.sqrt(inner))


def _linear(name, out, inner, gain=1.0):
    return [_matrix(name, out, inner, gain), Weight(f"{name}.bias", (out,), 0.1)]


def _norm(name, size, bias=True):
    yield Weight(f"{name}.weight", (size,), 0.1, 1.0)
    if bias:
        yield Weight(f"{name}.bias", (size,), 0.1)


def _conv(name, out, inner, kernel):
    fan_in = inner * kernel * kernel
    return Weight(f"{name}.weight", (out, inner, kernel, kernel), 1 / math.sqrt(fan_in))


def _swiglu(name, hidden, width):
    return [_matrix(f"{name}.gate_proj", width, hidden), _matrix(f"{name}.up_proj", width, hidden),
            _matrix(f"{name}.down_proj", hidden, width)]


def _sam(config):
    sam, name = sam_sizes(config), "model.sam_model"
    width, side = sam["width"], sam["image_size"] // sam["patch_size"]
    yield Weight(f"{name}.patch_embed.proj.weight", (width, 3, sam["patch_size"], sam["patch_size"]),
                 2 / math.sqrt(3 * sam["patch_size"] ** 2))
    yield Weight(f"{name}.patch_embed.proj.bias", (width,), 0.1)
    yield Weight(f"{name}.pos_embed", (1, side, side, width), 0.5)
    hidden = int(width * sam["mlp_ratio"])
    for i in range(sam["layers"]):
        block = f"{name}.blocks.{i}"
        rows = 2 * (side if i in sam["global_attn_indexes"] else sam["window_size"]) - 1
        yield from _norm(f"{block}.norm1", width)
        yield from _linear(f"{block}.attn.qkv", 3 * width, width)
        yield from _linear(f"{block}.attn.proj", width, width)
        for axis in "hw":
            yield Weight(f"{block}.attn.rel_pos_{axis}", (rows, width // sam["heads"]), 0.2)
        yield from _norm(f"{block}.norm2", width)
        yield from _linear(f"{block}.mlp.lin1", hidden, width)
        yield from _linear(f"{block}.mlp.lin2", width, hidden)
    out, channels = sam["out_chans"], sam["downsample_channels"]
    yield _conv(f"{name}.neck.0", out, width, 1)
    yield from _norm(f"{name}.neck.1", out)
    yield _conv(f"{name}.neck.2", out, out, 3)
    yield from _norm(f"{name}.neck.3", out)
    yield _conv(f"{name}.net_2", channels[0], out, 3)
    yield _conv(f"{name}.net_3", channels[1], channels[0], 3)


def _clip(config):
    clip, name = clip_sizes(config), "model.vision_model"
    width, patch = clip["width"], clip["patch_size"]
    positions = (clip["image_size"] // patch) ** 2 + 1
    yield Weight(f"{name}.embeddings.class_embedding", (width,), 1.0)
    # Official checkpoints carry this convolution and never run it.
    yield _conv(f"{name}.embeddings.patch_embedding", width, 3, patch)
    yield Weight(f"{name}.embeddings.position_embedding.weight", (positions, width), 0.5)
    yield from _norm(f"{name}.pre_layrnorm", width)
    hidden = int(width * clip["mlp_ratio"])
    for i in range(clip["layers"]):
        layer = f"{name}.transformer.layers.{i}"
        yield from _norm(f"{layer}.layer_norm1", width)
        yield from _linear(f"{layer}.self_attn.qkv_proj", 3 * width, width)
        yield from _linear(f"{layer}.self_attn.out_proj", width, width)
        yield from _norm(f"{layer}.layer_norm2", width)
        yield from _linear(f"{layer}.mlp.fc1", hidden, width)
        yield from _linear(f"{layer}.mlp.fc2", width, hidden)


def _query_encoder(config):
    sizes, name = query_sizes(config), "model.qwen2_model"
    dim = sizes["dim"]
    kv_dim = dim // sizes["heads"] * sizes["kv_heads"]
    yield Weight(f"{name}.query_768.weight", (144, dim), 1.0)
    yield Weight(f"{name}.query_1024.weight", (256, dim), 1.0)
    yield from _norm(f"{name}.model.model.norm", dim, bias=False)
    for i in range(sizes["layers"]):
        layer = f"{name}.model.model.layers.{i}"
        yield from _norm(f"{layer}.input_layernorm", dim, bias=False)
        yield from _norm(f"{layer}.post_attention_layernorm", dim, bias=False)
        yield from _linear(f"{layer}.self_attn.q_proj", dim, dim)
        yield from _linear(f"{layer}.self_attn.k_proj", kv_dim, dim)
        yield from _linear(f"{layer}.self_attn.v_proj", kv_dim, dim)
        yield _matrix(f"{layer}.self_attn.o_proj", dim, dim)
        yield from _swiglu(f"{layer}.mlp", dim, sizes["intermediate_size"])


def _decoder(config):
    sizes = config["language_config"]
    hidden, vocab = sizes["hidden_size"], sizes["vocab_size"]
    tied = sizes.get("tie_word_embeddings", False)
    yield Weight("model.embed_tokens.weight", (vocab, hidden), 1 / math.sqrt(hidden) if tied else 1.0)
    if not tied:
        yield _matrix("lm_head", vocab, hidden)
    yield from _norm("model.norm", hidden, bias=False)
    for i in range(sizes["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        yield from _norm(f"{layer}.input_layernorm", hidden, bias=False)
        yield from _norm(f"{layer}.post_attention_layernorm", hidden, bias=False)
        for part in "qk":
            yield _matrix(f"{layer}.self_attn.{part}_proj", hidden, hidden, 1.4)
        for part in "vo":
            yield _matrix(f"{layer}.self_attn.{part}_proj", hidden, hidden)
        if i < sizes["first_k_dense_replace"]:
            yield from _swiglu(f"{layer}.mlp", hidden, sizes["intermediate_size"])
            continue
        width = sizes["moe_intermediate_size"]
        yield _matrix(f"{layer}.mlp.gate", sizes["n_routed_experts"], hidden, 2.0)
        for e in range(sizes["n_routed_experts"]):
            yield from _swiglu(f"{layer}.mlp.experts.{e}", hidden, width)
        yield from _swiglu(f"{layer}.mlp.shared_experts", hidden, width * sizes["n_shared_experts"])


def weights(config):
    """Every tensor of the checkpoint that this config.json describes."""
    hidden = config["language_config"]["hidden_size"]
    yield from _sam(config)
    yield from _query_encoder(config) if is_v2(config) else _clip(config)
    yield from _linear("model.projector.layers", hidden, config["projector_config"]["input_dim"])
    if not is_v2(config):
        yield Weight("model.image_newline", (hidden,), 1.0)
    yield Weight("model.view_seperator", (hidden,), 1.0)
    yield from _decoder(config)

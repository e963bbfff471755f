"""Small faults, each of which makes the model read wrongly: name, file, what stands there, what
stands there instead. The first must occur exactly once in its file."""

FAULTS = [
    ("concatenation_order", "worker/model/ocr_model.cc",
     "at::cat({*clip, patches}, -1)", "at::cat({patches, *clip}, -1)"),
    ("newline_row", "worker/model/page_tokens.cc",
     "at::cat({grid, newline.expand({height, 1, hidden})}, 1)",
     "at::cat({newline.expand({height, 1, hidden}), grid}, 1)"),
    ("gelu_kind", "worker/model/clip_encoder.cc",
     "return x * at::sigmoid(x * 1.702);", "return at::gelu(x);"),
    ("window_pad", "worker/model/sam_encoder.cc",
     "{0, 0, 0, padding, 0, padding}, 0)", "{0, 0, padding, 0, padding, 0}, 0)"),
    ("eps", "worker/model/layers.cc", ".add_(eps)", ".add_(10 * eps)"),
    ("rotary_halves", "worker/model/decoder.cc",
     "at::cat({-halves[1], halves[0]}, -1)", "at::cat({halves[1], -halves[0]}, -1)"),
    ("top_k_weights", "worker/model/moe.cc", "if (norm_topk_prob)", "if (!norm_topk_prob)"),
    ("mosaic_order", "worker/model/page_tokens.cc",
     ".permute({0, 2, 1, 3, 4})\n", ".permute({0, 1, 2, 3, 4})\n"),
    ("causal_mask", "worker/model/decoder.cc", ".tril(tokens - rows)", ".tril()"),
    ("scale", "worker/model/decoder.cc",
     "1.0f / std::sqrt(static_cast<float>(head_dim))", "1.0f / static_cast<float>(head_dim)"),
    ("query_mask", "worker/model/query_encoder.cc",
     "mask.narrow(1, 0, patches).fill_(true);", ""),
    ("query_heads", "worker/model/query_encoder.cc",
     "split(v_proj(x), kv_heads).transpose(1, 2).repeat_interleave(share, 1)",
     "split(v_proj(x), kv_heads).transpose(1, 2).repeat({1, share, 1, 1})"),
]

#include "worker/model/weights.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/status.h"
#include "worker/model/cpu_kernels.h"

namespace quire::worker {

// One mapped safetensors file.
struct Weights::File {
  std::string path;
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  uint64_t body = 0;  // where tensor data begins
  ~File() {
    if (data != nullptr) munmap(const_cast<uint8_t*>(data), bytes);
  }
};

namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100 << 20;
// Tensors that official or re-saved checkpoints carry and that the model never uses.
constexpr std::string_view kUnused[] = {"position_ids", "patch_embedding.weight", "inv_freq"};

std::string Shape(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

int64_t BytesPerElement(const std::string& dtype) {
  static const std::map<std::string, int64_t> kBytes = {{"F32", 4}, {"BF16", 2}, {"F16", 2},
                                                        {"U32", 4}, {"I64", 8},  {"I32", 4}};
  const auto found = kBytes.find(dtype);
  return found == kBytes.end() ? 0 : found->second;
}

at::ScalarType ScalarTypeOf(const std::string& dtype) {
  if (dtype == "BF16") return at::kBFloat16;
  if (dtype == "F16") return at::kHalf;
  return at::kFloat;
}

absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& folder) {
  namespace fs = std::filesystem;
  const std::string index_path = folder + "/model.safetensors.index.json";
  std::vector<std::string> files;
  std::error_code error;
  if (fs::exists(index_path, error)) {
    std::ifstream file(index_path);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const Json index = Json::parse(text, nullptr, false);
    if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
      return Damaged(index_path, "it has no \"weight_map\"");
    }
    std::set<std::string> names;
    for (const auto& [tensor, shard] : index["weight_map"].items()) {
      const std::string name = shard.is_string() ? shard.get<std::string>() : "";
      if (name.empty() || name.find('/') != std::string::npos) {
        return Damaged(index_path, absl::StrCat("tensor ", tensor, " names no file"));
      }
      if (!fs::exists(folder + "/" + name, error)) {
        return absl::InvalidArgumentError(
            absl::StrCat(index_path, ": the shard ", name, " is not in the folder"));
      }
      names.insert(name);
    }
    for (const std::string& name : names) files.push_back(folder + "/" + name);
    return files;
  }
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  if (files.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder, " holds ", files.size(),
        " *.safetensors files and no model.safetensors.index.json; expected one of the two"));
  }
  return files;
}

}  // namespace

absl::StatusOr<Weights> Weights::Open(const std::string& folder,
                                      const QuantizationConfig& quantization) {
  Weights weights;
  weights.quantization_ = quantization;
  QUIRE_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesOf(folder));
  for (const std::string& file : files) QUIRE_RETURN_IF_ERROR(weights.AddFile(file));
  return weights;
}

absl::Status Weights::AddFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || fstat(fd, &facts) != 0) {
    if (fd >= 0) close(fd);
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot be opened"));
  }
  auto file = std::make_shared<File>();
  file->path = path;
  file->bytes = static_cast<uint64_t>(facts.st_size);
  if (file->bytes < 8) {
    close(fd);
    return Damaged(path, absl::StrCat("it has ", file->bytes, " bytes; a safetensors file has 8 or more"));
  }
  void* data = mmap(nullptr, file->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (data == MAP_FAILED) return absl::ResourceExhaustedError(absl::StrCat(path, " cannot be mapped"));
  file->data = static_cast<const uint8_t*>(data);
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file->data, 8);
  if (header_bytes > kMaxHeaderBytes || header_bytes > file->bytes - 8) {
    return Damaged(path, absl::StrCat("its header claims ", header_bytes, " bytes and the file has ",
                                      file->bytes));
  }
  file->body = 8 + header_bytes;
  const std::string text(reinterpret_cast<const char*>(file->data) + 8, header_bytes);
  headers_ += text;
  const Json header = Json::parse(text, nullptr, false);
  if (!header.is_object()) return Damaged(path, "its header is no JSON object");
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto& [name, facts_of] : header.items()) {
    if (name == "__metadata__") continue;
    Entry entry{.file = file};
    const Json shape = facts_of.is_object() ? facts_of.value("shape", Json()) : Json();
    const Json offsets = facts_of.is_object() ? facts_of.value("data_offsets", Json()) : Json();
    const Json dtype = facts_of.is_object() ? facts_of.value("dtype", Json()) : Json();
    bool good = shape.is_array() && offsets.is_array() && offsets.size() == 2 &&
                offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned() &&
                dtype.is_string();
    uint64_t elements = 1;
    if (good) {
      for (const Json& size : shape) {
        good = good && size.is_number_unsigned() && size.get<uint64_t>() < (1ULL << 40);
        if (!good) break;
        entry.shape.push_back(size.get<int64_t>());
        if (__builtin_mul_overflow(elements, size.get<uint64_t>(), &elements)) good = false;
      }
    }
    if (!good) return Damaged(path, absl::StrCat("tensor ", name, " has no proper shape, dtype and data_offsets"));
    entry.dtype = dtype.get<std::string>();
    const uint64_t element_bytes = static_cast<uint64_t>(BytesPerElement(entry.dtype));
    if (element_bytes == 0) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": tensor ", name, " has the type ", entry.dtype,
                                                     "; known are F32, BF16, F16 and U32"));
    }
    const uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
    if (begin > end || end > file->bytes - file->body || end - begin != elements * element_bytes) {
      return Damaged(path, absl::StrCat("tensor ", name, " of shape ", Shape(entry.shape), " and type ",
                                        entry.dtype, " lies at bytes ", begin, " to ", end, " of ",
                                        file->bytes - file->body));
    }
    entry.begin = file->body + begin;
    entry.end = file->body + end;
    ranges.emplace_back(begin, end);
    if (!entries_.emplace(name, std::move(entry)).second) {
      return Damaged(path, absl::StrCat("tensor ", name, " is there twice"));
    }
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) {
      return Damaged(path, absl::StrCat("two tensors overlap at byte ", ranges[i].first));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<at::Tensor> Weights::Read(const std::string& name, const std::vector<int64_t>& shape,
                                         std::string_view dtypes) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", name, " of shape ", Shape(shape), " is missing"));
  }
  const Entry& entry = found->second;
  taken_.insert(name);
  if (entry.shape != shape) {
    return absl::InvalidArgumentError(absl::StrCat(entry.file->path, ": tensor ", name,
                                                   " has the shape ", Shape(entry.shape),
                                                   "; expected ", Shape(shape)));
  }
  if (!absl::StrContains(absl::string_view(dtypes.data(), dtypes.size()), entry.dtype)) {
    return absl::InvalidArgumentError(absl::StrCat(entry.file->path, ": tensor ", name,
                                                   " has the type ", entry.dtype, "; expected ",
                                                   absl::string_view(dtypes.data(), dtypes.size())));
  }
  const at::ScalarType type = entry.dtype == "U32" ? at::kInt : ScalarTypeOf(entry.dtype);
  void* bytes = const_cast<uint8_t*>(entry.file->data + entry.begin);
  if (entry.begin % static_cast<uint64_t>(BytesPerElement(entry.dtype)) == 0) {
    return at::from_blob(bytes, shape, [file = entry.file](void*) {}, type);
  }
  at::Tensor tensor = at::empty(shape, type);
  std::memcpy(tensor.data_ptr(), bytes, entry.end - entry.begin);
  return tensor;
}

std::string Weights::CodedStem(const std::string& name) const {
  constexpr std::string_view kSuffix = ".weight";
  if (!absl::EndsWith(name, ".weight")) return "";
  std::string stem = name.substr(0, name.size() - kSuffix.size());
  return Has(stem + ".scales") ? stem : "";
}

absl::StatusOr<CodedTensor> Weights::ReadCodes(const std::string& stem,
                                               const std::vector<int64_t>& shape) {
  const int64_t group = quantization_.group_size;
  if (shape.size() != 2 || shape[1] % group != 0 || quantization_.bits != 8) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor ", stem, ".weight is quantised and has the shape ", Shape(shape),
        "; expected two dimensions, 8 bits and a width that groups of ", group, " divide"));
  }
  const int64_t rows = shape[0], columns = shape[1];
  QUIRE_ASSIGN_OR_RETURN(const at::Tensor packed, Read(stem + ".weight", {rows, columns / 4}, "U32"));
  QUIRE_ASSIGN_OR_RETURN(const at::Tensor scales,
                         Read(stem + ".scales", {rows, columns / group}, "BF16 F16 F32"));
  QUIRE_ASSIGN_OR_RETURN(const at::Tensor biases,
                         Read(stem + ".biases", {rows, columns / group}, "BF16 F16 F32"));
  return CodedTensor{packed.view(at::kByte), scales.to(at::kFloat), biases.to(at::kFloat)};
}

absl::StatusOr<std::optional<CodedTensor>> Weights::TakeCodes(const std::string& name,
                                                              const std::vector<int64_t>& shape) {
  const std::string stem = CodedStem(name);
  const bool kernels = options_.device().is_cpu() && options_.dtype() == at::kFloat &&
                       quantization_.group_size % CpuMatrix::kCodesAtOnce == 0 &&
                       quantization_.group_size <= CpuMatrix::kLargestGroup;
  if (stem.empty() || !kernels) return std::nullopt;
  QUIRE_ASSIGN_OR_RETURN(CodedTensor coded, ReadCodes(stem, shape));
  coded.codes = coded.codes.clone();  // nothing handed out lies in the mapping
  return coded;
}

absl::StatusOr<at::Tensor> Weights::TakeAs(const std::string& name,
                                           const std::vector<int64_t>& shape,
                                           const at::TensorOptions& options) {
  if (const std::string stem = CodedStem(name); !stem.empty()) {
    QUIRE_ASSIGN_OR_RETURN(const CodedTensor coded, ReadCodes(stem, shape));
    const auto grouped = [&](const at::Tensor& t) {
      return t.to(options.device()).to(at::kFloat).view({shape[0], coded.scales.size(1), -1});
    };
    return (grouped(coded.codes) * grouped(coded.scales))
        .add_(grouped(coded.biases))
        .view(shape)
        .to(options);
  }
  QUIRE_ASSIGN_OR_RETURN(const at::Tensor stored, Read(name, shape, "F32 BF16 F16"));
  // Nothing handed out lies in the mapping. To a device goes what is stored, to be converted there.
  if (options.device().is_cpu()) return stored.to(options, /*non_blocking=*/false, /*copy=*/true);
  return stored.to(options.device(), stored.scalar_type()).to(options);
}

absl::StatusOr<at::Tensor> Weights::TakeF32(const std::string& name,
                                            const std::vector<int64_t>& shape) {
  return TakeAs(name, shape, options_.dtype(at::kFloat));
}

absl::StatusOr<at::Tensor> Weights::Take(const std::string& name,
                                         const std::vector<int64_t>& shape) {
  return TakeAs(name, shape, options_);
}

std::vector<std::string> Weights::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::vector<int64_t> Weights::ShapeOf(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::vector<int64_t>() : found->second.shape;
}

absl::Status Weights::CheckAllTaken() const {
  for (const auto& [name, entry] : entries_) {
    if (taken_.contains(name)) continue;
    const bool unused = std::any_of(std::begin(kUnused), std::end(kUnused), [&](std::string_view end) {
      return absl::EndsWith(name, absl::string_view(end.data(), end.size()));
    });
    if (unused) continue;
    return absl::InvalidArgumentError(absl::StrCat(entry.file->path, ": tensor ", name, " of shape ",
                                                   Shape(entry.shape),
                                                   " belongs to no part of this model"));
  }
  return absl::OkStatus();
}

std::string WeightScope::Name(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : absl::StrCat(prefix_, ".", std::string(name));
}
WeightScope WeightScope::operator/(std::string_view name) const {
  return WeightScope(*weights_, Name(name));
}
WeightScope WeightScope::operator/(int64_t index) const { return *this / std::to_string(index); }
absl::StatusOr<at::Tensor> WeightScope::Take(std::string_view name,
                                             const std::vector<int64_t>& shape) const {
  return weights_->Take(Name(name), shape);
}
absl::StatusOr<at::Tensor> WeightScope::TakeF32(std::string_view name,
                                                const std::vector<int64_t>& shape) const {
  return weights_->TakeF32(Name(name), shape);
}
absl::StatusOr<std::optional<CodedTensor>> WeightScope::TakeCodes(
    std::string_view name, const std::vector<int64_t>& shape) const {
  return weights_->TakeCodes(Name(name), shape);
}
std::vector<int64_t> WeightScope::ShapeOf(std::string_view name) const {
  return weights_->ShapeOf(Name(name));
}

}  // namespace quire::worker

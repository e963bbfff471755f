#include "worker/model/weights.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/checkpoint/check_tensors.h"
#include "proto/checkpoint/tensor_list.h"
#include "proto/status.h"
#include "worker/model/cpu_kernels.h"

namespace quire::worker {

// One mapped safetensors file.
struct Weights::File {
  std::string path;
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  ~File() {
    if (data != nullptr) munmap(const_cast<uint8_t*>(data), bytes);
  }
};

namespace {

at::ScalarType ScalarTypeOf(const std::string& dtype) {
  if (dtype == "BF16") return at::kBFloat16;
  if (dtype == "F16") return at::kHalf;
  return at::kFloat;
}

// A tensor under its official name; experts that MLX's converter stacked, one by one.
std::vector<StoredTensor> Unstacked(const StoredTensor& tensor, const std::string& name) {
  constexpr absl::string_view kStacked = ".mlp.switch_mlp.";
  const size_t at = name.find(kStacked.data());
  StoredTensor one = tensor;
  one.name = name;
  if (at == std::string::npos || tensor.shape.empty() || tensor.shape[0] < 1) return {one};
  std::vector<StoredTensor> experts;
  const uint64_t count = static_cast<uint64_t>(tensor.shape[0]);
  const uint64_t bytes = (tensor.end - tensor.begin) / count;
  one.shape.erase(one.shape.begin());
  for (uint64_t e = 0; e < count; ++e) {
    one.name = absl::StrCat(name.substr(0, at), ".mlp.experts.", e, ".", name.substr(at + kStacked.size()));
    one.begin = tensor.begin + e * bytes;
    one.end = one.begin + bytes;
    experts.push_back(one);
  }
  return experts;
}

// The shape [out, height, width, in], which MLX gives a convolution's [out, in, height, width].
std::vector<int64_t> ChannelsLast(const std::vector<int64_t>& shape) {
  if (shape.size() != 4) return shape;
  return {shape[0], shape[2], shape[3], shape[1]};
}

}  // namespace

absl::StatusOr<Weights> Weights::Open(const std::string& folder,
                                      const QuantizationConfig& quantization) {
  Weights weights;
  weights.quantization_ = quantization;
  QUIRE_ASSIGN_OR_RETURN(weights.files_, FindWeightFiles(folder));
  for (const std::string& file : weights.files_.paths) QUIRE_RETURN_IF_ERROR(weights.AddFile(file));
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
  // An empty file cannot be mapped; its header says what is wrong.
  void* data = file->bytes == 0 ? nullptr : mmap(nullptr, file->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (data == MAP_FAILED) return absl::ResourceExhaustedError(absl::StrCat(path, " cannot be mapped"));
  file->data = static_cast<const uint8_t*>(data);
  const std::string_view bytes(static_cast<const char*>(data), file->bytes);
  QUIRE_ASSIGN_OR_RETURN(const uint64_t header_bytes,
                         SafetensorsHeaderBytes(bytes.substr(0, 8), file->bytes, path));
  QUIRE_ASSIGN_OR_RETURN(SafetensorsHeader header,
                         ParseSafetensorsHeader(bytes.substr(8, header_bytes), file->bytes, path));
  for (const StoredTensor& tensor : header.tensors) {
    for (StoredTensor& part : Unstacked(tensor, OfficialName(tensor.name))) {
      const std::string name = part.name;
      if (!entries_.emplace(name, Entry{file, std::move(part)}).second) {
        return absl::DataLossError(absl::StrCat(path, ": tensor ", name, " is in another shard, too"));
      }
    }
  }
  headers_.push_back(std::move(header));
  return absl::OkStatus();
}

absl::Status Weights::Check(const Architecture& architecture) const {
  const TensorReport report = CheckTensors(architecture, files_, headers_);
  return report.faults.empty() ? absl::OkStatus() : report.faults.front();
}

std::string Weights::headers() const {
  std::string text;
  for (const SafetensorsHeader& header : headers_) text += header.text;
  return text;
}

absl::StatusOr<at::Tensor> Weights::Read(const std::string& name, const std::vector<int64_t>& shape,
                                         std::string_view dtypes) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", name, " of shape ", FormatShape(shape), " is missing"));
  }
  const auto& [file, entry] = found->second;
  taken_.insert(name);
  if (entry.shape != shape && entry.shape != ChannelsLast(shape)) {
    return absl::InvalidArgumentError(absl::StrCat(file->path, ": tensor ", name,
                                                   " has the shape ", FormatShape(entry.shape),
                                                   "; expected ", FormatShape(shape)));
  }
  if (!absl::StrContains(absl::string_view(dtypes.data(), dtypes.size()), entry.dtype)) {
    return absl::InvalidArgumentError(absl::StrCat(file->path, ": tensor ", name,
                                                   " has the type ", entry.dtype, "; expected ",
                                                   absl::string_view(dtypes.data(), dtypes.size())));
  }
  const at::ScalarType type = entry.dtype == "U32" ? at::kInt : ScalarTypeOf(entry.dtype);
  void* bytes = const_cast<uint8_t*>(file->data + entry.begin);
  at::Tensor tensor;
  if (entry.begin % at::elementSize(type) == 0) {
    tensor = at::from_blob(bytes, entry.shape, [file = file](void*) {}, type);
  } else {
    tensor = at::empty(entry.shape, type);
    std::memcpy(tensor.data_ptr(), bytes, entry.end - entry.begin);
  }
  return entry.shape == shape ? tensor : tensor.permute({0, 3, 1, 2}).contiguous();
}

std::string Weights::CodedStem(const std::string& name) const {
  constexpr std::string_view kSuffix = ".weight";
  if (!absl::EndsWith(name, ".weight")) return "";
  std::string stem = name.substr(0, name.size() - kSuffix.size());
  return Has(stem + ".scales") ? stem : "";
}

absl::StatusOr<CodedTensor> Weights::ReadCodes(const std::string& stem,
                                               const std::vector<int64_t>& shape) {
  // Single modules may have groups of another size than the config's: their scales tell it.
  const std::vector<int64_t> scales_shape = ShapeOf(stem + ".scales");
  const bool own_groups = shape.size() == 2 && scales_shape.size() == 2 && scales_shape[1] > 0 &&
                          shape[1] % scales_shape[1] == 0;
  const int64_t group = own_groups ? shape[1] / scales_shape[1] : quantization_.group_size;
  if (shape.size() != 2 || shape[1] % group != 0 || quantization_.bits != 8) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor ", stem, ".weight is quantised and has the shape ", FormatShape(shape),
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
  if (stem.empty() || !keep_codes_) return std::nullopt;
  QUIRE_ASSIGN_OR_RETURN(const CodedTensor coded, ReadCodes(stem, shape));
  const int64_t group = shape[1] / coded.scales.size(1);
  const bool has_kernel = group % CpuMatrix::kCodesAtOnce == 0;
  const bool wants_kernel = options_.device().is_cpu() && options_.dtype() == at::kFloat;
  if (wants_kernel && !has_kernel) return std::nullopt;
  const auto placed = [&](const at::Tensor& stored) {
    // Nothing handed out lies in the mapping.
    return stored.to(options_.device(), stored.scalar_type(), /*non_blocking=*/false,
                     /*copy=*/true);
  };
  return CodedTensor{placed(coded.codes), placed(coded.scales), placed(coded.biases)};
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
  return found == entries_.end() ? std::vector<int64_t>() : found->second.tensor.shape;
}

int64_t Weights::PlacedBytes() const {
  const int64_t element = static_cast<int64_t>(options_.dtype().itemsize());
  int64_t bytes = 0;
  for (const auto& [name, entry] : entries_) {
    if (IsUnusedTensor(name)) continue;
    int64_t count = 1;
    for (const int64_t size : entry.tensor.shape) count *= size;
    const bool of_codes = (absl::EndsWith(name, ".scales") || absl::EndsWith(name, ".biases")) &&
                          Has(absl::StrCat(name.substr(0, name.rfind('.')), ".scales"));
    if (entry.tensor.dtype == "U32") {
      bytes += 4 * count * (keep_codes_ ? 1 : element);  // four codes a word
    } else if (!of_codes) {
      bytes += count * element;
    } else if (keep_codes_) {
      bytes += count * int64_t{sizeof(float)};
    }
  }
  return bytes;
}

absl::Status Weights::CheckAllTaken() const {
  for (const auto& [name, entry] : entries_) {
    if (taken_.contains(name) || IsUnusedTensor(name)) continue;
    return absl::InvalidArgumentError(absl::StrCat(entry.file->path, ": tensor ", name, " of shape ",
                                                   FormatShape(entry.tensor.shape),
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

#include "proto/checkpoint/check_tensors.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/checkpoint/tensor_list.h"

namespace quire {
namespace {

using Shape = std::vector<int64_t>;

constexpr char kWeight[] = ".weight";
constexpr char kExperts[] = ".mlp.experts.";

bool Matches(const Shape& found, const Shape& expected) {
  if (found.size() != expected.size()) return false;
  for (size_t i = 0; i < found.size(); ++i) {
    if (expected[i] != kAnySize && found[i] != expected[i]) return false;
    if (found[i] == 0) return false;
  }
  return true;
}

std::string ShapeForPeople(const Shape& shape) {
  return absl::StrReplaceAll(FormatShape(shape), {{"-1", "any"}});
}

int64_t Elements(const Shape& shape) {
  int64_t elements = 1;
  for (const int64_t size : shape) elements *= size;
  return elements;
}

// "model.layers.1.mlp.experts.7.up_proj.weight" -> "model.layers.1.mlp.switch_mlp.up_proj.weight"
std::optional<std::string> StackedName(const std::string& name) {
  const size_t at = name.find(kExperts);
  if (at == std::string::npos) return std::nullopt;
  const size_t after = name.find('.', at + sizeof(kExperts) - 1);
  return absl::StrCat(name.substr(0, at), ".mlp.switch_mlp", name.substr(after));
}

class Checker {
 public:
  Checker(const Architecture& architecture, const WeightFiles& files,
          const std::vector<SafetensorsHeader>& headers)
      : architecture_(architecture), files_(files) {
    for (const SafetensorsHeader& header : headers) AddShard(header);
    CheckIndex();
  }

  TensorReport Run() {
    for (const ExpectedTensor& expected : ListTensors(architecture_)) Check(expected);
    for (const auto& [name, stored] : stored_) {
      if (taken_.contains(name) || IsUnusedTensor(name)) continue;
      Fault(absl::StrCat(stored.path, ": tensor ", stored.tensor->name, " of shape ",
                         FormatShape(stored.tensor->shape), " belongs to no part of this model"));
    }
    return std::move(report_);
  }

 private:
  struct Stored {
    const StoredTensor* tensor = nullptr;
    std::string path;
  };

  void AddShard(const SafetensorsHeader& header) {
    for (const StoredTensor& tensor : header.tensors) {
      ++report_.tensors;
      report_.data_bytes += tensor.end - tensor.begin;
      const std::string name = OfficialName(tensor.name);
      const auto [place, is_new] = stored_.emplace(name, Stored{&tensor, header.path});
      if (is_new) continue;
      Fault(absl::StrCat(header.path, ": tensor ", tensor.name, " is in ", place->second.path,
                         " too; expected once"));
    }
  }

  void CheckIndex() {
    for (const auto& [tensor, shard] : files_.shard_of) {
      const auto found = stored_.find(OfficialName(tensor));
      if (found != stored_.end() && absl::EndsWith(found->second.path, absl::StrCat("/", shard)))
        continue;
      Fault(
          absl::StrCat(files_.index_path, ": tensor ", tensor, " is not in ", shard,
                       found == stored_.end() ? "" : absl::StrCat(" but in ", found->second.path)));
    }
  }

  void Check(const ExpectedTensor& expected) {
    if (const auto stacked = StackedName(expected.name); stacked && stored_.contains(*stacked)) {
      if (taken_.contains(*stacked)) return;  // with the first expert
      Shape shape = expected.shape;
      shape.insert(shape.begin(), architecture_.decoder.n_routed_experts);
      return CheckOne(*stacked, shape);
    }
    if (expected.optional && !stored_.contains(expected.name)) return;
    CheckOne(expected.name, expected.shape);
  }

  void CheckOne(const std::string& name, const Shape& shape) {
    if (absl::EndsWith(name, kWeight)) {
      const std::string stem = name.substr(0, name.size() - sizeof(kWeight) + 1);
      if (stored_.contains(stem + ".scales")) return CheckQuantised(stem, shape);
    }
    if (!CheckStored(name, shape, {"BF16", "F16", "F32"})) return;
    report_.parameters += Elements(stored_[name].tensor->shape);
  }

  // MLX's affine layout: codes packed into 32-bit words, a scale and a bias for each group.
  void CheckQuantised(const std::string& stem, const Shape& shape) {
    report_.quantised = true;
    const int64_t group = GroupOf(stem, shape);
    const int64_t bits = architecture_.quantization.bits;
    const int64_t columns = shape.back();
    if (shape.size() < 2 || bits != 8 || columns % group != 0 || columns % 4 != 0) {
      for (const char* part : {".weight", ".scales", ".biases"}) taken_.insert(stem + part);
      return Fault(absl::StrCat(stored_[stem + ".scales"].path, ": tensor ", stem,
                                ".weight of shape ", FormatShape(shape), " is quantised to ", bits,
                                " bits in groups of ", group,
                                "; expected 8 bits and a width that groups divide"));
    }
    Shape words = shape, groups = shape;
    words.back() = columns / 4;
    groups.back() = columns / group;
    const bool codes = CheckStored(stem + ".weight", words, {"U32"});
    CheckStored(stem + ".scales", groups, {"BF16", "F16", "F32"});
    CheckStored(stem + ".biases", groups, {"BF16", "F16", "F32"});
    if (codes) report_.parameters += Elements(shape);
  }

  // Single modules may have groups of another size than the config's: their scales tell it.
  int64_t GroupOf(const std::string& stem, const Shape& shape) {
    const Shape& scales = stored_[stem + ".scales"].tensor->shape;
    const bool own = scales.size() == shape.size() && scales.back() > 0 &&
                     shape.back() % scales.back() == 0;
    return own ? shape.back() / scales.back() : architecture_.quantization.group_size;
  }

  bool CheckStored(const std::string& name, const Shape& shape,
                   std::initializer_list<const char*> dtypes) {
    const auto found = stored_.find(name);
    if (found == stored_.end()) {
      Fault(absl::StrCat(files_.paths.size() == 1 ? files_.paths[0] : files_.index_path,
                         ": tensor ", name, " of shape ", ShapeForPeople(shape), " is missing"));
      return false;
    }
    taken_.insert(name);
    const StoredTensor& tensor = *found->second.tensor;
    const bool channels_last =
        shape.size() == 4 && Matches(tensor.shape, {shape[0], shape[2], shape[3], shape[1]});
    if (!Matches(tensor.shape, shape) && !channels_last) {
      Fault(absl::StrCat(found->second.path, ": tensor ", tensor.name, " has the shape ",
                         FormatShape(tensor.shape), "; expected ", ShapeForPeople(shape)));
      return false;
    }
    std::string types;
    for (const char* dtype : dtypes) {
      if (tensor.dtype == dtype) return true;
      absl::StrAppend(&types, types.empty() ? "" : " or ", dtype);
    }
    Fault(absl::StrCat(found->second.path, ": tensor ", tensor.name, " has the type ", tensor.dtype,
                       "; expected ", types));
    return false;
  }

  void Fault(const std::string& text) {
    if (report_.faults.size() < kMostFaults) {
      report_.faults.push_back(absl::InvalidArgumentError(text));
    }
    ++report_.fault_count;
  }

  const Architecture& architecture_;
  const WeightFiles& files_;
  std::map<std::string, Stored> stored_;  // by official name
  std::set<std::string> taken_;
  TensorReport report_;
};

}  // namespace

TensorReport CheckTensors(const Architecture& architecture, const WeightFiles& files,
                          const std::vector<SafetensorsHeader>& headers) {
  return Checker(architecture, files, headers).Run();
}

double CountParameters(const Architecture& architecture) {
  double parameters = 0;
  for (const ExpectedTensor& tensor : ListTensors(architecture)) {
    if (tensor.optional) continue;
    double elements = 1;
    for (const int64_t size : tensor.shape) {
      elements *= size == kAnySize ? 1.0 : static_cast<double>(size);
    }
    parameters += elements;
  }
  return parameters;
}

}  // namespace quire

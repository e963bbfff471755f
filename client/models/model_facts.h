#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/json_format.h"
#include "client/models/device_memory.h"
#include "proto/checkpoint/architecture.h"
#include "proto/checkpoint/find_model.h"

namespace quire::client {

// Whether a model fits a device: what it needs at the least, in the type that the registry names.
struct DeviceFit {
  DeviceMemory device;
  std::string dtype;
  double needed_bytes = 0;
  bool fits() const { return needed_bytes <= static_cast<double>(device.total_bytes); }
};

// What is known of a model.
struct ModelFacts {
  std::string name;                          // key, repository or folder, as it was asked for
  std::optional<RegistryEntry> entry;        // what the registry says
  std::string folder, place;                 // where it lies; empty: not on this machine
  std::optional<Architecture> architecture;  // what its config.json says
  std::string config_fault;                  // why its config.json is refused
  int64_t bytes_on_disk = 0;                 // of its *.safetensors
  double parameters = 0;
  std::vector<DeviceFit> fits;
};

// Facts of a key, repository or folder. NotFound as FindModel says, where it is neither here nor in
// the registry.
absl::StatusOr<ModelFacts> GatherFacts(const std::string& model, const ModelPlaces& places,
                                       const std::vector<DeviceMemory>& devices);

// Every key of the registry, then models of --models-dir and Quire's cache that have no key.
std::vector<ModelFacts> ListModels(const ModelPlaces& places,
                                   const std::vector<DeviceMemory>& devices);

// For people: a table; all facts of one. With line ends.
std::string FormatModelTable(const std::vector<ModelFacts>& models);
std::string FormatModelFacts(const ModelFacts& model);
// "model" in client/README.md.
Json ModelToJson(const ModelFacts& model);

// "6.67 GB", "25.3 MB", "124 kB", "12 B"
std::string FormatBytes(double bytes);

}  // namespace quire::client

#include "server/placement.h"

#include <cstdint>

namespace quire::server {

std::optional<size_t> ChooseWorker(std::span<const WorkerLoad> workers, const std::string& model,
                                   bool alone) {
  std::optional<size_t> best;
  for (size_t i = 0; i < workers.size(); ++i) {
    const WorkerLoad& worker = workers[i];
    if (worker.model != model || !worker.accepting || worker.exclusive) continue;
    if (worker.used >= worker.slots) continue;
    if (alone ? worker.used > 0 : worker.reserved) continue;
    // used / slots < best.used / best.slots, without division.
    if (best.has_value() && static_cast<int64_t>(worker.used) * workers[*best].slots >=
                                static_cast<int64_t>(workers[*best].used) * worker.slots) {
      continue;
    }
    best = i;
  }
  return best;
}

std::optional<size_t> ChooseReserved(std::span<const WorkerLoad> workers,
                                     const std::string& model) {
  std::optional<size_t> best;
  for (size_t i = 0; i < workers.size(); ++i) {
    const WorkerLoad& worker = workers[i];
    if (worker.model != model || !worker.accepting) continue;
    if (worker.reserved) return i;
    if (!best.has_value() || worker.used < workers[*best].used) best = i;
  }
  return best;
}

std::optional<size_t> ChooseModel(std::span<const ModelRoom> models, int render_ahead) {
  std::optional<size_t> best;
  int best_room = 0;
  for (size_t i = 0; i < models.size(); ++i) {
    if (models[i].slots == 0) continue;
    const int room = models[i].slots + render_ahead - models[i].under_way;
    if (room > best_room) {
      best = i;
      best_room = room;
    }
  }
  return best;
}

}  // namespace quire::server

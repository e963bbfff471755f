#pragma once

#include <optional>
#include <span>
#include <string>

namespace quire::server {

// One worker, as far as placing a page goes.
struct WorkerLoad {
  std::string id;
  std::string model;      // key
  int slots = 0;
  int used = 0;           // slots that hold a page
  bool accepting = true;  // not draining, not silent
  bool exclusive = false; // reads a page that must be alone
  bool reserved = false;  // is kept free for one
};

// Index of the worker that reads the next page of `model`: the one with the smallest part of its
// slots in use, the first of equals. With `alone` only an idle one will do, and a reserved one is
// allowed.
std::optional<size_t> ChooseWorker(std::span<const WorkerLoad> workers, const std::string& model,
                                   bool alone);

// Index of the worker to keep free until it is idle, so that a page that must be alone is not
// overtaken for ever: the one with the fewest pages; one that is reserved already stays.
std::optional<size_t> ChooseReserved(std::span<const WorkerLoad> workers,
                                     const std::string& model);

// Pages of one model under way and how many there may be.
struct ModelRoom {
  std::string model;
  int slots = 0;      // of all its workers that accept pages
  int under_way = 0;  // being drawn, drawn or being read
};

// Index of the model with the most room for another page: as many may be under way as there are
// slots, and `render_ahead` more. Models without slots have none.
std::optional<size_t> ChooseModel(std::span<const ModelRoom> models, int render_ahead);

}  // namespace quire::server

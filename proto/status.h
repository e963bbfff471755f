#pragma once

// Macros that hand an absl::Status on to the caller.

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define QUIRE_STATUS_JOIN_INNER(a, b) a##b
#define QUIRE_STATUS_JOIN(a, b) QUIRE_STATUS_JOIN_INNER(a, b)

// Returns from the calling function with `expression`'s status unless it is OK.
#define QUIRE_RETURN_IF_ERROR(expression)                               \
  do {                                                                  \
    if (::absl::Status quire_status = (expression); !quire_status.ok()) \
      return quire_status;                                              \
  } while (false)

#define QUIRE_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) return std::move(result).status();           \
  target = *std::move(result)

// Assigns the value of a StatusOr to `target`, which may be a declaration, or returns its status.
#define QUIRE_ASSIGN_OR_RETURN(target, expression) \
  QUIRE_ASSIGN_OR_RETURN_INNER(QUIRE_STATUS_JOIN(quire_result_, __LINE__), target, expression)

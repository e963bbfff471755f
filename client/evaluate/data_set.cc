#include "client/evaluate/data_set.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/page_format.h"
#include "client/score/table_score.h"
#include "proto/status.h"

namespace quire::client {
namespace {

namespace fs = std::filesystem;

constexpr int kPdfPages = 5;  // of the protocol

absl::Status WrongData(const std::string& text) {
  return WithExitCode(absl::InvalidArgumentError(text), kExitFile);
}

std::string EndingOf(const fs::path& path) {
  return absl::AsciiStrToLower(path.extension().string());
}

bool IsDocument(const fs::path& path) {
  static const std::set<std::string> endings = {".pdf", ".png", ".jpg",  ".jpeg",
                                                ".webp", ".bmp", ".tif", ".tiff"};
  return endings.count(EndingOf(path)) > 0;
}

absl::StatusOr<std::string> ReadText(const fs::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return FileError("read", path.string(), errno != 0 ? errno : EIO);
  }
  return text;
}

absl::StatusOr<std::vector<fs::path>> List(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    paths.push_back(entry->path());
  }
  if (error) return FileError("read the folder", folder.string(), error.value());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// N of "page_N.md"; 0 for other names.
int PageOf(const fs::path& path) {
  const std::string stem = path.stem().string();
  int page = 0;
  if (EndingOf(path) != ".md" || !absl::StartsWith(stem, "page_")) return 0;
  return absl::SimpleAtoi(stem.substr(5), &page) && page > 0 ? page : 0;
}

// The truths that belong to the documents of one stem.
absl::StatusOr<std::map<int, std::string>> ReadTruths(const fs::path& folder,
                                                      const std::string& stem) {
  std::map<int, std::string> truths;
  std::error_code error;
  if (fs::exists(folder / (stem + ".md"), error)) {
    QUIRE_ASSIGN_OR_RETURN(truths[1], ReadText(folder / (stem + ".md")));
  }
  if (!fs::is_directory(folder / stem, error)) return truths;
  QUIRE_ASSIGN_OR_RETURN(const std::vector<fs::path> pages, List(folder / stem));
  for (const fs::path& path : pages) {
    const int page = PageOf(path);
    if (page == 0) continue;
    QUIRE_ASSIGN_OR_RETURN(truths[page], ReadText(path));
  }
  return truths;
}

bool IsTruth(const fs::path& path) {
  std::error_code error;
  if (EndingOf(path) == ".md") return path.filename() != "README.md";
  if (!fs::is_directory(path, error)) return false;
  const auto inside = List(path);
  return inside.ok() && std::any_of(inside->begin(), inside->end(),
                                    [](const fs::path& page) { return PageOf(page) > 0; });
}

size_t ComplexityOf(const std::string& truth) {
  size_t table_characters = 0;
  for (const Table& table : FindTables(truth)) {
    for (const auto& row : table.rows) {
      for (const TableCell& cell : row) table_characters += cell.text.size();
    }
  }
  return truth.size() + table_characters;
}

void ChooseTimed(DataSet& data) {
  size_t least = 0;
  size_t most = 0;
  int nearest = 0;
  for (size_t i = 0; i < data.documents.size(); ++i) {
    const DataDocument& document = data.documents[i];
    if (document.is_pdf) {
      const int away = std::abs(static_cast<int>(document.truths.size()) - kPdfPages);
      if (!data.pdf_index.has_value() || away < nearest) {
        data.pdf_index = i;
        nearest = away;
      }
      continue;
    }
    const size_t size = document.truths.empty() ? 0 : ComplexityOf(document.truths.begin()->second);
    if (!data.simple_index.has_value() || (size > 0 && (least == 0 || size < least))) {
      data.simple_index = i;
      least = size;
    }
    if (!data.complex_index.has_value() || size > most) {
      data.complex_index = i;
      most = size;
    }
  }
}

}  // namespace

absl::StatusOr<DataSet> ReadDataSet(const std::string& folder) {
  QUIRE_ASSIGN_OR_RETURN(const std::vector<fs::path> paths, List(folder));
  DataSet data;
  std::set<std::string> stems;
  for (const fs::path& path : paths) {
    if (!IsDocument(path)) continue;
    DataDocument document{.path = path.string(),
                          .name = path.filename().string(),
                          .is_pdf = EndingOf(path) == ".pdf"};
    QUIRE_ASSIGN_OR_RETURN(document.truths, ReadTruths(folder, path.stem().string()));
    stems.insert(path.stem().string());
    data.documents.push_back(std::move(document));
  }
  if (data.documents.empty()) {
    return WrongData(absl::StrCat("--data ", Printable(folder),
                                  " holds no documents: it wants NAME.png (or .jpg, .pdf, ...) "
                                  "with NAME.md, its truth"));
  }
  for (const fs::path& path : paths) {
    const bool is_file = EndingOf(path) == ".md";
    const std::string stem = is_file ? path.stem().string() : path.filename().string();
    if (!IsDocument(path) && IsTruth(path) && stems.count(stem) == 0) {
      return WrongData(absl::StrCat("the truth ", Printable(path.string()),
                                    " has no page: there is no ", Printable(stem),
                                    ".png, .jpg, .pdf, ... beside it"));
    }
  }
  ChooseTimed(data);
  return data;
}

}  // namespace quire::client

#include "client/figures/figures_writer.h"

#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/figures/figure_crops.h"
#include "client/figures/figure_links.h"
#include "client/page_image.h"
#include "client/text_sink.h"
#include "proto/status.h"

namespace quire::client {
namespace {

class FiguresWriter : public DocumentWriter {
 public:
  FiguresWriter(const std::string& folder, const std::string& stem, DocumentWriter& writer)
      : link_folder_(absl::StrCat(stem, ".figures")),
        folder_((std::filesystem::path(folder) / link_folder_).string()),
        writer_(writer) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_page_image() && !event.page_image().uncleaned()) {
      const int page_number = event.page_image().page_number();
      std::optional<std::string> png = pieces_.Add(event.page_image());
      if (png.has_value()) images_[page_number] = *std::move(png);
    }
    if (event.has_page_failed()) {
      pieces_.Drop(event.page_failed().page_number());
      images_.erase(event.page_failed().page_number());
    }
    if (!event.has_page_result()) return writer_.OnEvent(event);
    v1::RecognizeResponse linked = event;
    QUIRE_RETURN_IF_ERROR(LinkFigures(*linked.mutable_page_result()));
    return writer_.OnEvent(linked);
  }

  absl::Status OnEnd(const absl::Status& outcome) override { return writer_.OnEnd(outcome); }

 private:
  absl::Status LinkFigures(v1::PageResult& page) {
    std::map<int, std::vector<std::string>> links;
    const auto image = images_.extract(page.page_number());
    if (image.empty()) {
      links = LinksToEarlier(page);
    } else {
      QUIRE_ASSIGN_OR_RETURN(const std::vector<FigureCrop> crops, CutFigures(page, image.mapped()));
      for (const FigureCrop& crop : crops) {
        const std::string name = NameOf(page, crop.number);
        QUIRE_ASSIGN_OR_RETURN(const auto file, MakeFileSink(folder_, name, ".png"));
        QUIRE_RETURN_IF_ERROR(file->Write(crop.png));
        QUIRE_RETURN_IF_ERROR(file->Commit(true).status());
        links[crop.block_index].push_back(LinkTo(name));
      }
    }
    PlaceLinks(links, page);
    return absl::OkStatus();
  }

  // To what an earlier call has written.
  std::map<int, std::vector<std::string>> LinksToEarlier(const v1::PageResult& page) const {
    std::map<int, std::vector<std::string>> links;
    int number = 0;
    for (int i = 0; i < page.blocks_size(); ++i) {
      if (!IsFigure(page.blocks(i))) continue;
      for (int box = 0; box < page.blocks(i).boxes_size(); ++box) {
        const std::string name = NameOf(page, ++number);
        std::error_code error;
        if (!std::filesystem::exists(absl::StrCat(folder_, "/", name, ".png"), error)) continue;
        links[i].push_back(LinkTo(name));
      }
    }
    return links;
  }

  static std::string NameOf(const v1::PageResult& page, int number) {
    return absl::StrCat(page.page_number(), "-", number);
  }
  std::string LinkTo(const std::string& name) const {
    return FigureLink(absl::StrCat(link_folder_, "/", name, ".png"));
  }

  const std::string link_folder_;
  const std::string folder_;
  DocumentWriter& writer_;
  PageImages pieces_;
  std::map<int, std::string> images_;  // PNG, by page number, until its result comes
};

}  // namespace

std::unique_ptr<DocumentWriter> MakeFiguresWriter(const std::string& folder,
                                                  const std::string& stem, DocumentWriter& writer) {
  return std::make_unique<FiguresWriter>(folder, stem, writer);
}

}  // namespace quire::client

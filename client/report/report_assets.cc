#include "client/report/report_assets.h"

#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/models/file_digest.h"

namespace quire::client {
namespace {

// A page that is not in view is neither laid out nor drawn (content-visibility), so that thousands
// of them open at once. The bar with the totals is the last in the file, since they are known only
// then, and the first on the screen.
constexpr char kStyle[] = R"(
body{font:15px/1.45 system-ui,sans-serif;margin:0;display:flex;flex-direction:column;color:#111;background:#fff}
nav{order:-1;position:sticky;top:0;z-index:1;background:#f4f6fa;border-bottom:1px solid #bbc;padding:.4em 1em}
nav p{margin:.1em 0}nav input{width:5em}kbd{border:1px solid #aab;border-radius:3px;padding:0 .3em;background:#fff}
.document,.end{padding:0 1em}.document h1{margin:.8em 0 0;overflow-wrap:anywhere}
.page{content-visibility:auto;contain-intrinsic-size:auto 900px;padding:.5em 1em 1em;border-top:1px solid #ccd;scroll-margin-top:5em}
.page:focus{outline:none;border-top:3px solid #36c}.page h2{margin:.2em 0}
.facts{color:#556;margin:.2em 0}.sides{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,3fr);gap:1.5em}
@media(max-width:50em){.sides{grid-template-columns:1fr}}
.sheet{width:100%;height:auto;border:1px solid #99a;align-self:start;position:sticky;top:5em;max-height:calc(100vh - 6em)}
.paper{fill:#fff}.box{fill:#36c;fill-opacity:.06;stroke:#36c;stroke-width:1.5;vector-effect:non-scaling-stroke;cursor:pointer}
.box.on{fill-opacity:.3;stroke-width:3}.no-boxes .box{display:none}
.block{border-left:3px solid transparent;padding:0 .6em;overflow-wrap:anywhere}
.block:focus,.block.on{outline:none;border-color:#36c;background:#eef3ff}
.block::before{content:attr(data-label);float:right;color:#889;font-size:.75em}
.text table{border-collapse:collapse}.text td,.text th{border:1px solid #bbc;padding:.15em .5em}
.uncleaned img{max-width:40%;border:1px solid #99a}.math{font-family:monospace;background:#f3f3f3;padding:0 .2em}pre{overflow:auto;white-space:pre-wrap}
.bars{width:100%;height:.8em;display:block;margin-top:.6em}.stages{color:#556;margin:.2em 0;font-size:.9em}
.failed,.error{color:#a00;background:#fff0f0}.failed{border-left:6px solid #c00;contain-intrinsic-size:auto 90px}
.s0{fill:#999}.s1{fill:#ccc}.s2{fill:#e69f00}.s3{fill:#8c564b}.s4{fill:#f0e442}
.s5{fill:#cc79a7}.s6{fill:#0072b2}.s7{fill:#56b4e9}.s8{fill:#009e73}.s9{fill:#d55e00}
@media print{nav,.box{display:none}.page{content-visibility:visible}.sheet{position:static}}
)";

constexpr char kScript[] = R"(
(() => {
  const pages = [...document.querySelectorAll('.page')];
  const field = document.getElementById('go');
  const show = page => {
    if (!page) return;
    page.scrollIntoView();
    page.focus({preventScroll: true});
  };
  // The page that has the focus, else the first one in view.
  const current = () => {
    const focused = document.activeElement.closest('.page');
    if (focused) return pages.indexOf(focused);
    let low = 0, high = pages.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pages[middle].getBoundingClientRect().bottom > 100) high = middle; else low = middle + 1;
    }
    return low - 1;
  };
  const light = (element, on) => {
    const id = element.dataset.block || element.id;
    const block = document.getElementById(id);
    if (block) block.classList.toggle('on', on);
    for (const box of document.querySelectorAll('[data-block="' + id + '"]')) box.classList.toggle('on', on);
  };
  for (const [event, on] of [['mouseover', true], ['focusin', true], ['mouseout', false], ['focusout', false]]) {
    document.addEventListener(event, e => {
      const element = e.target.closest && e.target.closest('.block,.box');
      if (element) light(element, on);
    });
  }
  document.addEventListener('click', e => {
    const id = e.target.dataset && e.target.dataset.block;
    if (id) document.getElementById(id).focus();
  });
  field.addEventListener('change', () => show(pages.find(page => page.dataset.page === field.value)));
  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.target === field) {
      if (e.key === 'Escape') field.blur();
      return;
    }
    const at = current();
    if (e.key === 'j') show(pages[at + 1]);
    else if (e.key === 'k') show(pages[Math.max(at - 1, 0)]);
    else if (e.key === 'f') show(pages.find((page, i) => i > at && page.classList.contains('failed')) ||
                                 pages.find(page => page.classList.contains('failed')));
    else if (e.key === 'b') document.body.classList.toggle('no-boxes');
    else if (e.key === 'g') field.focus();
    else return;
    e.preventDefault();
  });
})();
)";

// As a Content-Security-Policy names what it lets through.
std::string PolicyHash(std::string_view text) {
  Digest digest(DigestKind::kSha256, text.size());
  digest.Update(text);
  return absl::StrCat("'sha256-", absl::Base64Escape(absl::HexStringToBytes(digest.Hex())), "'");
}

}  // namespace

std::string ReportBegin() {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src ",
      PolicyHash(kStyle), "; script-src ", PolicyHash(kScript),
      "; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Quire report</title>\n<style>",
      kStyle, "</style></head>\n<body>\n");
}

std::string ReportEnd() {
  return absl::StrCat("<script>", kScript, "</script>\n</body></html>\n");
}

}  // namespace quire::client

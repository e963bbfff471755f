#include "tests/torture/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire {
namespace {

using ::testing::ElementsAre;

TEST(Books, BalanceWhenEveryPageCameOnce) {
  Books books;
  const int document = books.Owe(2);
  books.Got(document, 2, true);
  books.Got(document, 1, true);

  const Books::Balance balance = books.Close();

  EXPECT_EQ(balance.pages, 2);
  EXPECT_EQ(balance.unaccounted + balance.doubled + balance.wrong, 0);
}

TEST(Books, NameWhatIsMissing) {
  Books books;
  const int document = books.Owe(3);
  books.Got(document, 2, true);

  EXPECT_THAT(books.Missing(document), ElementsAre(1, 3));
  EXPECT_EQ(books.Close().unaccounted, 2);
}

TEST(Books, CountAPageThatCameTwice) {
  Books books;
  const int document = books.Owe(1);
  books.Got(document, 1, true);
  books.Got(document, 1, true);

  EXPECT_EQ(books.Close().doubled, 1);
}

TEST(Books, CountAWrongText) {
  Books books;
  books.Got(books.Owe(1), 1, false);

  EXPECT_EQ(books.Close().wrong, 1);
}

TEST(Books, OweNothingOfWhatIsForgottenButCountItsDoubles) {
  Books books;
  const int document = books.Owe(2);
  books.Got(document, 1, true);
  books.Got(document, 1, true);
  books.Forget(document);

  EXPECT_EQ(books.Close().unaccounted, 0);
  EXPECT_EQ(books.Close().doubled, 1);
  EXPECT_EQ(books.Close().forgotten, 1);
}

}  // namespace
}  // namespace quire

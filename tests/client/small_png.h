#pragma once

#include <cairo.h>

#include <string>

namespace quire::client {

// A PNG with a grey picture.
inline std::string SmallPng(int width, int height) {
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_t* context = cairo_create(surface);
  cairo_set_source_rgb(context, 0.8, 0.8, 0.8);
  cairo_paint(context);
  cairo_destroy(context);
  std::string png;
  const auto append = [](void* to, const unsigned char* data, unsigned int size) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
    return CAIRO_STATUS_SUCCESS;
  };
  cairo_surface_write_to_png_stream(surface, append, &png);
  cairo_surface_destroy(surface);
  return png;
}

}  // namespace quire::client

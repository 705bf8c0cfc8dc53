#include "whitney/data/unpack.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::data {

namespace {

constexpr std::string_view kGzip("\x1f\x8b", 2);
constexpr std::string_view kXz(
    "\xFD"
    "7zXZ\0",
    6);
constexpr std::string_view kZstd("\x28\xB5\x2F\xFD", 4);
constexpr std::string_view kBzip2Block("1AY&SY", 6);

class GzipUnpacker : public Unpacker {
 public:
  GzipUnpacker(RawSource source, std::string name) : source_(std::move(source)), name_(std::move(name)) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) fail(name_, ": no memory for unpacking gzip");
  }
  ~GzipUnpacker() override { inflateEnd(&stream_); }
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;

  int64_t read(char* out, int64_t size) override {
    const auto want = static_cast<uInt>(std::min<int64_t>(size, 1 << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = want;
    while (stream_.avail_out == want && !at_end_) step();
    return want - stream_.avail_out;
  }

 private:
  void step() {
    if (stream_.avail_in == 0) refill();
    if (stream_.avail_in == 0) {
      if (!between_members_) fail(name_, ": the gzip data is truncated");
      at_end_ = true;
      return;
    }
    if (between_members_ && !start_member()) return;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      inflateReset(&stream_);
      between_members_ = true;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail(name_, ": the gzip data is corrupt", stream_.msg != nullptr ? concat(" (", stream_.msg, ")") : "");
    }
  }
  // gzip allows several members behind one another, and tools pad with zeros.
  bool start_member() {
    if (*stream_.next_in == 0 && !first_) {
      ++stream_.next_in;
      --stream_.avail_in;
      return false;
    }
    if (*stream_.next_in != 0x1f) fail(name_, ": there are other bytes behind the gzip data");
    between_members_ = first_ = false;
    return true;
  }
  void refill() {
    const std::string_view bytes = source_();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }

  RawSource source_;
  std::string name_;
  z_stream stream_{};
  bool between_members_ = true;
  bool first_ = true;
  bool at_end_ = false;
};

class XzUnpacker : public Unpacker {
 public:
  XzUnpacker(RawSource source, std::string name) : source_(std::move(source)), name_(std::move(name)) {
    constexpr uint64_t kMostMemory = uint64_t{1} << 30;  // the largest preset needs 65 MiB
    if (lzma_stream_decoder(&stream_, kMostMemory, LZMA_CONCATENATED) != LZMA_OK) {
      fail(name_, ": no memory for unpacking xz");
    }
  }
  ~XzUnpacker() override { lzma_end(&stream_); }
  XzUnpacker(const XzUnpacker&) = delete;
  XzUnpacker& operator=(const XzUnpacker&) = delete;

  int64_t read(char* out, int64_t size) override {
    stream_.next_out = reinterpret_cast<uint8_t*>(out);
    stream_.avail_out = static_cast<size_t>(size);
    while (stream_.avail_out == static_cast<size_t>(size) && !at_end_) {
      if (stream_.avail_in == 0 && !input_ended_) {
        const std::string_view bytes = source_();
        stream_.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
        stream_.avail_in = bytes.size();
        input_ended_ = bytes.empty();
      }
      const lzma_ret code = lzma_code(&stream_, input_ended_ ? LZMA_FINISH : LZMA_RUN);
      if (code == LZMA_STREAM_END) {
        at_end_ = true;
      } else if (code == LZMA_BUF_ERROR) {
        fail(name_, ": the xz data is truncated");
      } else if (code == LZMA_MEMLIMIT_ERROR) {
        fail(name_, ": unpacking this xz data needs more than 1 GiB of memory");
      } else if (code != LZMA_OK) {
        fail(name_, ": the xz data is corrupt");
      }
    }
    return size - static_cast<int64_t>(stream_.avail_out);
  }

 private:
  RawSource source_;
  std::string name_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool input_ended_ = false;
  bool at_end_ = false;
};

class ZstdUnpacker : public Unpacker {
 public:
  ZstdUnpacker(RawSource source, std::string name)
      : source_(std::move(source)), name_(std::move(name)), stream_(ZSTD_createDStream(), &ZSTD_freeDStream) {
    if (stream_ == nullptr) fail(name_, ": no memory for unpacking zstd");
  }

  int64_t read(char* out, int64_t size) override {
    ZSTD_outBuffer output{out, static_cast<size_t>(size), 0};
    while (output.pos == 0 && !at_end_) {
      if (input_.pos == input_.size && !flushing_) {
        const std::string_view bytes = source_();
        input_ = {bytes.data(), bytes.size(), 0};
        if (bytes.empty()) {
          if (!frame_ended_) fail(name_, ": the zstd data is truncated");
          at_end_ = true;
          break;
        }
      }
      const size_t code = ZSTD_decompressStream(stream_.get(), &output, &input_);
      if (ZSTD_isError(code) != 0) fail(name_, ": the zstd data is corrupt (", ZSTD_getErrorName(code), ")");
      frame_ended_ = code == 0;
      flushing_ = !frame_ended_ && output.pos == output.size;  // more may wait inside the decoder
    }
    return static_cast<int64_t>(output.pos);
  }

 private:
  RawSource source_;
  std::string name_;
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool frame_ended_ = false;
  bool flushing_ = false;
  bool at_end_ = false;
};

}  // namespace

std::string_view packing_of(std::string_view first_bytes) {
  if (first_bytes.starts_with(kGzip)) return "gzip";
  if (first_bytes.starts_with(kXz)) return "xz";
  if (first_bytes.starts_with(kZstd)) return "zstd";
  const bool is_bzip2 =
      first_bytes.starts_with("BZh") && first_bytes.size() >= 10 && first_bytes.substr(4, 6) == kBzip2Block;
  return is_bzip2 ? "bzip2" : "";
}

std::unique_ptr<Unpacker> make_unpacker(std::string_view first_bytes, RawSource source,
                                        const std::string& name) {
  const std::string_view packing = packing_of(first_bytes);
  if (packing == "gzip") return std::make_unique<GzipUnpacker>(std::move(source), name);
  if (packing == "xz") return std::make_unique<XzUnpacker>(std::move(source), name);
  if (packing == "zstd") return std::make_unique<ZstdUnpacker>(std::move(source), name);
  if (!packing.empty()) {
    fail(name, ": packed by ", packing, ", which Whitney does not read (gzip, xz and zstd it does)");
  }
  return nullptr;
}

}  // namespace whitney::data

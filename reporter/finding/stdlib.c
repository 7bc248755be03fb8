#include "finding/stdlib.h"

/* `go list std` without internal and vendored packages, in the order of bytes. */
static const char *const packages[] = {
	"archive/tar", "archive/zip", "bufio", "bytes", "cmp", "compress/bzip2", "compress/flate", "compress/gzip",
	"compress/lzw", "compress/zlib", "container/heap", "container/list", "container/ring", "context", "crypto",
	"crypto/aes", "crypto/cipher", "crypto/des", "crypto/dsa", "crypto/ecdh", "crypto/ecdsa", "crypto/ed25519",
	"crypto/elliptic", "crypto/fips140", "crypto/hkdf", "crypto/hmac", "crypto/hpke", "crypto/md5",
	"crypto/mldsa", "crypto/mlkem", "crypto/mlkem/mlkemtest", "crypto/pbkdf2", "crypto/rand", "crypto/rc4",
	"crypto/rsa", "crypto/sha1", "crypto/sha256", "crypto/sha3", "crypto/sha512", "crypto/subtle", "crypto/tls",
	"crypto/x509", "crypto/x509/pkix", "database/sql", "database/sql/driver", "debug/buildinfo", "debug/dwarf",
	"debug/elf", "debug/gosym", "debug/macho", "debug/pe", "debug/plan9obj", "embed", "encoding",
	"encoding/ascii85", "encoding/asn1", "encoding/base32", "encoding/base64", "encoding/binary",
	"encoding/csv", "encoding/gob", "encoding/hex", "encoding/json", "encoding/json/jsontext",
	"encoding/json/v2", "encoding/pem", "encoding/xml", "errors", "expvar", "flag", "fmt", "go/ast", "go/build",
	"go/build/constraint", "go/constant", "go/doc", "go/doc/comment", "go/format", "go/importer", "go/parser",
	"go/printer", "go/scanner", "go/token", "go/types", "go/version", "hash", "hash/adler32", "hash/crc32",
	"hash/crc64", "hash/fnv", "hash/maphash", "html", "html/template", "image", "image/color",
	"image/color/palette", "image/draw", "image/gif", "image/jpeg", "image/png", "index/suffixarray", "io",
	"io/fs", "io/ioutil", "iter", "log", "log/slog", "log/syslog", "maps", "math", "math/big", "math/bits",
	"math/cmplx", "math/rand", "math/rand/v2", "mime", "mime/multipart", "mime/quotedprintable", "net",
	"net/http", "net/http/cgi", "net/http/cookiejar", "net/http/fcgi", "net/http/httptest",
	"net/http/httptrace", "net/http/httputil", "net/http/pprof", "net/mail", "net/netip", "net/rpc",
	"net/rpc/jsonrpc", "net/smtp", "net/textproto", "net/url", "os", "os/exec", "os/signal", "os/user", "path",
	"path/filepath", "plugin", "reflect", "regexp", "regexp/syntax", "runtime", "runtime/cgo",
	"runtime/coverage", "runtime/debug", "runtime/metrics", "runtime/pprof", "runtime/race", "runtime/trace",
	"slices", "sort", "strconv", "strings", "structs", "sync", "sync/atomic", "syscall", "testing",
	"testing/cryptotest", "testing/fstest", "testing/iotest", "testing/quick", "testing/slogtest",
	"testing/synctest", "text/scanner", "text/tabwriter", "text/template", "text/template/parse", "time",
	"time/tzdata", "unicode", "unicode/utf16", "unicode/utf8", "unique", "unsafe", "uuid", "weak",
};

static bool in_table(rf_str package)
{
	size_t low = 0, high = sizeof(packages) / sizeof(packages[0]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = rf_str_cmp(package, rf_str_from(packages[middle]));
		if (c == 0)
			return true;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Parents of internal packages that are no packages themselves, beside those in the table: crypto/internal has one. */
static bool is_internal_parent(rf_str package)
{
	return in_table(package) || rf_str_eq_cstr(package, "go") || rf_str_eq_cstr(package, "debug");
}

/* Go keeps its own packages free of dots in the first element, which most modules have. */
static bool has_domain(rf_str package)
{
	for (size_t i = 0; i < package.len && package.ptr[i] != '/'; i++) {
		if (package.ptr[i] == '.')
			return true;
	}
	return false;
}

bool rf_stdlib_has(rf_str package)
{
	if (has_domain(package))
		return false;
	if (rf_str_starts(package, "internal/") || rf_str_starts(package, "vendor/golang.org/x/"))
		return true;
	ptrdiff_t internal = rf_str_find_str(package, RF_STR("/internal"));
	if (internal < 0)
		return in_table(package);
	rf_str behind = rf_str_skip(package, (size_t)internal + sizeof("/internal") - 1);
	return (behind.len == 0 || behind.ptr[0] == '/') && is_internal_parent(rf_str_take(package, (size_t)internal));
}

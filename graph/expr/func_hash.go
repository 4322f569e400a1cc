package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/millstream/millstream/column"
)

func init() {
	for _, f := range []struct {
		name, example string
		digits        int
		new           func() hash.Hash
	}{
		{"MD5", "MD5('') => d41d8cd98f00b204e9800998ecf8427e", 32, md5.New},
		{"SHA1", "SHA1('') => da39a3ee5e6b4b0d3255bfef95601890afd80709", 40, sha1.New},
		{"SHA224", "SHA224('') => d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f", 56, sha256.New224},
		{"SHA256", "SHA256('') => e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 64, sha256.New},
		{"SHA384", "LEFT(SHA384(''), 8) => 38b060a7", 96, sha512.New384},
		{"SHA512", "LEFT(SHA512(''), 8) => cf83e135", 128, sha512.New},
	} {
		register(textFunction(f.name, fmt.Sprintf("The %s hash of a text or binary value, in hexadecimal digits.", f.name), f.example,
			takes(always(column.Sized(column.Char, f.digits)), isBytes), func(c *Call) Kernel {
				h := f.new()
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return appendHash(dst, h, a.text(0)), true })
			}))
	}
	sizes := map[int]func() hash.Hash{224: sha256.New224, 256: sha256.New, 384: sha512.New384, 512: sha512.New}
	register(textFunction("SHA2", "The SHA-2 hash of 224, 256, 384 or 512 bits; it fails for other lengths.", "LEFT(SHA2('', 256), 8) => e3b0c442",
		takes(always(column.Sized(column.VarChar, 128)), isBytes, isInt), func(c *Call) Kernel {
			made := map[int]hash.Hash{}
			var failed error
			return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				bits := a.int(1)
				if made[bits] == nil {
					if sizes[bits] == nil {
						failed = fmt.Errorf("SHA2 has 224, 256, 384 or 512 bits, not %d", bits)
						return dst, false
					}
					made[bits] = sizes[bits]()
				}
				return appendHash(dst, made[bits], a.text(0)), true
			}), &failed)
		}))
}

func appendHash(dst []byte, h hash.Hash, data []byte) []byte {
	h.Reset()
	h.Write(data)
	var sum [64]byte
	return hex.AppendEncode(dst, h.Sum(sum[:0]))
}

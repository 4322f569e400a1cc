package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// A manifest and a head are JSON behind a line that says what they are:
//
//	millstream-<what> <version> <length of the JSON in bytes> <SHA-256 of the JSON, hexadecimal>\n

// maxHeader bounds the first line.
const maxHeader = 200

const olderHint = "restore from an older checkpoint or savepoint by --resume PATH, or start without state by --resume never"

// seal writes a value with its header.
func seal(what string, version int, v any) ([]byte, error) {
	body, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	head := fmt.Sprintf("millstream-%s %d %d %s\n", what, version, len(body), hex.EncodeToString(sum[:]))
	return append([]byte(head), body...), nil
}

// unseal reads what seal wrote. url names it in errors.
func unseal(url, what string, data []byte, v any) error {
	damaged := func(format string, args ...any) error {
		return &Error{Object: url, Reason: fmt.Sprintf(format, args...), Hint: olderHint, Damaged: true}
	}
	line, _, found := bytes.Cut(data[:min(len(data), maxHeader)], []byte{'\n'})
	if !found {
		return damaged("it does not begin with the line of a %s, so it is none or was damaged", what)
	}
	body := data[len(line)+1:]
	var kind, sum string
	var version, length int
	if n, err := fmt.Sscanf(string(line), "%s %d %d %s", &kind, &version, &length, &sum); err != nil && n < 2 || kind != "millstream-"+what {
		return damaged("it begins with %q, which is not the line of a %s", line, what)
	}
	if version > Version {
		return &Error{Object: url, Reason: fmt.Sprintf("its format has version %d, and this program knows those up to %d", version, Version),
			Hint: "use the release that wrote it, or a newer one"}
	}
	if version < 1 {
		return damaged("its format has version %d, which there never was", version)
	}
	if len(body) != length {
		return damaged("the %s has %d bytes behind its first line, which says %d: it was cut or mixed up", what, len(body), length)
	}
	if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != sum {
		return damaged("the checksum of the %s is not that of its first line: bytes were changed", what)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return damaged("the %s cannot be understood: %v", what, err)
	}
	return nil
}

package server

import (
	"encoding/json"
	"os"

	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
)

// compactAttributes stores the list of an object's part sizes in few bytes. The library keeps 5 bytes per
// part, but ext4 has room for 4 KiB of attributes per file, so that completing an upload of more than
// about 700 parts failed with "no space left". Nearly all uploads have parts of one size and a smaller
// last one: runs of equal sizes fit whatever the number of parts.
type compactAttributes struct{ meta.MetadataStorer }

// maxPartsBytes is how much of the 4096 bytes that all attributes of a file share the list may take.
const maxPartsBytes = 2048

// partRuns is the stored form: sizes run-length encoded, in order.
type partRuns struct {
	UploadID string     `json:"upload_id"`
	Runs     [][2]int64 `json:"runs"` // size in bytes, number of parts
}

func (c compactAttributes) StoreAttribute(f *os.File, bucket, object, attribute string, value []byte) error {
	if attribute == partsAttribute {
		parts, err := backend.UnmarshalMpUploadMetadata(value, false)
		if err != nil {
			return err
		}
		if value, err = encodeParts(parts); err != nil {
			return err
		}
	}
	return c.MetadataStorer.StoreAttribute(f, bucket, object, attribute, value)
}

func (c compactAttributes) RetrieveAttribute(f *os.File, bucket, object, attribute string) ([]byte, error) {
	value, err := c.MetadataStorer.RetrieveAttribute(f, bucket, object, attribute)
	if err != nil || attribute != partsAttribute {
		return value, err
	}
	return decodeParts(value)
}

// encodeParts drops the sizes when they are too irregular to fit. The object is then whole all the same,
// and a read by part number is refused instead of answered wrongly.
func encodeParts(parts backend.MpUploadMetadata) ([]byte, error) {
	stored := partRuns{UploadID: parts.UploadID}
	end := int64(0)
	for _, cumulative := range parts.Parts {
		size := cumulative - end
		end = cumulative
		if n := len(stored.Runs); n > 0 && stored.Runs[n-1][0] == size {
			stored.Runs[n-1][1]++
		} else {
			stored.Runs = append(stored.Runs, [2]int64{size, 1})
		}
	}
	value, err := json.Marshal(stored)
	if err == nil && len(value) > maxPartsBytes {
		stored.Runs = nil
		value, err = json.Marshal(stored)
	}
	return value, err
}

// decodeParts returns the library's own form, of which it reads plain JSON as well.
func decodeParts(value []byte) ([]byte, error) {
	var stored partRuns
	if err := json.Unmarshal(value, &stored); err != nil {
		return nil, err
	}
	parts := backend.MpUploadMetadata{UploadID: stored.UploadID}
	end := int64(0)
	for _, run := range stored.Runs {
		for range run[1] {
			end += run[0]
			parts.Parts = append(parts.Parts, end)
		}
	}
	return json.Marshal(parts)
}

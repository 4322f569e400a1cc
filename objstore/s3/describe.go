package s3

import (
	"context"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// userDataHeader begins the names of headers with user metadata.
const userDataHeader = "x-amz-meta-"

// Describe implements [objstore.Describer].
func (b *bucket) Describe(ctx context.Context, key string) (objstore.Description, error) {
	info, header, err := b.head(ctx, "read", key)
	if err != nil {
		return objstore.Description{}, err
	}
	d := objstore.Description{Info: info, ContentType: header.Get("Content-Type"), ContentEncoding: header.Get("Content-Encoding"),
		StorageClass: header.Get("X-Amz-Storage-Class")}
	for name, values := range header {
		name, own := strings.CutPrefix(strings.ToLower(name), userDataHeader)
		if !own {
			continue
		}
		if d.UserData == nil {
			d.UserData = map[string]string{}
		}
		d.UserData[name] = strings.Join(values, ",")
	}
	return d, nil
}

package objstore

import "context"

// Describer is a [Store] that knows more about an object than [Info] says.
type Describer interface {
	// Describe asks for all that the store knows about an object without its bytes.
	Describe(ctx context.Context, key string) (Description, error)
}

// Description is an object's metadata. What is empty the store does not say.
type Description struct {
	Info
	ContentType     string
	ContentEncoding string
	StorageClass    string
	UserData        map[string]string // names without "x-amz-meta-", in lower case
}

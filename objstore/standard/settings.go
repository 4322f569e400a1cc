package standard

import (
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/setting"
)

// FromSettings returns a resolver for the S3 endpoint that the settings name.
func FromSettings(v setting.Values) *objstore.Resolver { return New(S3Config(v)) }

// S3Config returns the s3.* settings as a client's configuration.
func S3Config(v setting.Values) s3.Config {
	cfg := s3.Config{
		Endpoint: v.Text(setting.S3Endpoint), Region: v.Text(setting.S3Region),
		AccessKey: v.Text(setting.S3AccessKey), SecretKey: v.Text(setting.S3SecretKey),
		SessionToken: v.Text(setting.S3SessionToken), Profile: v.Text(setting.S3Profile),
		CAFile: v.Text(setting.S3CAFile), InsecureSkipVerify: v.Bool(setting.S3InsecureSkipVerify),
		PartSize: v.Memory(setting.S3UploadPartSize), Parallelism: v.Int(setting.S3UploadConcurrency),
	}
	if v.Has(setting.S3PathStyle) {
		cfg.PathStyle = s3.VirtualHost
		if v.Bool(setting.S3PathStyle) {
			cfg.PathStyle = s3.Path
		}
	}
	return cfg
}

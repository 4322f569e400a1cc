package s3

import (
	"fmt"
	"os"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/millstream/millstream/objstore"
)

// resolveCredentials finds credentials as [Config] says. Those of a profile may expire and are then
// fetched again; nil means anonymous. A profile that was asked for and cannot be had is an error: going on
// anonymously would end in a puzzling "access denied".
func resolveCredentials(c Config) (*credentials.Credentials, error) {
	if c.Anonymous {
		return nil, nil
	}
	if c.AccessKey != "" {
		return credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken), nil
	}
	if c.Profile != "" {
		return profileCredentials(c.Profile, "s3.profile")
	}
	env := credentials.NewEnvAWS()
	v, err := env.GetWithContext(nil)
	if err != nil {
		return nil, &objstore.Error{Op: "use", URL: "the credentials in the environment", Kind: objstore.BadCredentials, Reason: err.Error(), Err: err}
	}
	if (v.AccessKeyID == "") != (v.SecretAccessKey == "") {
		return nil, &objstore.Error{Op: "use", URL: "the credentials in the environment", Kind: objstore.BadCredentials,
			Reason: "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set", Hint: "set both or none"}
	}
	if v.AccessKeyID != "" {
		return env, nil
	}
	if name := os.Getenv("AWS_PROFILE"); name != "" {
		return profileCredentials(name, "AWS_PROFILE")
	}
	file := credentials.NewFileAWSCredentials("", "default")
	if v, err := file.GetWithContext(nil); err == nil && v.AccessKeyID != "" {
		return file, nil
	}
	return nil, nil
}

// profileCredentials returns the credentials of a profile that was asked for by setting.
func profileCredentials(profile, setting string) (*credentials.Credentials, error) {
	file := credentials.NewFileAWSCredentials("", profile)
	v, err := file.GetWithContext(nil)
	if err == nil && v.AccessKeyID == "" {
		err = fmt.Errorf("it has no aws_access_key_id")
	}
	if err != nil {
		return nil, &objstore.Error{Op: "use", URL: "the AWS profile '" + profile + "'", Kind: objstore.BadCredentials, Reason: err.Error(), Err: err,
			Hint: "check " + setting + " and the files ~/.aws/credentials and ~/.aws/config"}
	}
	return file, nil
}

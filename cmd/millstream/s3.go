package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
)

// objectTools is what the verbs of millstream s3 share: the stores behind URLs and paths, and the endpoint itself.
type objectTools struct {
	*app
	endpoint string // instead of s3.endpoint; empty: the setting's

	resolver *objstore.Resolver
	config   s3.Config
	client   *s3.Client
}

// objectVerbs are the subcommands of millstream s3, in the order of its help.
var objectVerbs = []func(o *objectTools) *cobra.Command{
	(*objectTools).listVerb,
	(*objectTools).catVerb,
	(*objectTools).copyVerb,
	(*objectTools).removeVerb,
	(*objectTools).makeBucketVerb,
	(*objectTools).removeBucketVerb,
	(*objectTools).headVerb,
	(*objectTools).eventsVerb,
	(*objectTools).selectVerb,
}

func (a *app) s3Command() *cobra.Command {
	o := &objectTools{app: a}
	c := &cobra.Command{
		Use:   "s3 COMMAND",
		Short: "List, copy and look at objects in any S3-compatible store",
		Long: `Work with the objects of any S3-compatible store, for where there is no other client at hand.

A URL is s3://BUCKET/KEY; paths and file:/// URLs of this machine work in its place. A URL may be a pattern: * is any text within one directory,
** also across several, ? one character, [a-z] one of these, {x,y} either; a backslash takes the next character as it is. Put patterns in quotes.

Endpoint and credentials are the settings s3.endpoint, s3.access-key, s3.secret-key, … from --config, the environment or -D.`,
		Example: `  millstream s3 ls --endpoint http://127.0.0.1:9000 s3://input
  millstream s3 ls -rh 's3://input/2026/*.csv'`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	o.endpointFlag(c.PersistentFlags())
	for _, verb := range objectVerbs {
		c.AddCommand(verb(o))
	}
	return c
}

// endpointFlag names the store without a setting.
func (o *objectTools) endpointFlag(flags *pflag.FlagSet) {
	flags.StringVar(&o.endpoint, "endpoint", "", "the store's `URL`, instead of the setting s3.endpoint")
}

// load makes the stores by the settings. Nothing goes to the network yet.
func (o *objectTools) load() error {
	if o.endpoint != "" {
		o.defines = append(o.defines, setting.S3Endpoint.Key+"="+o.endpoint)
	}
	settings, err := o.settings()
	if err != nil {
		return err
	}
	o.resolver = standard.FromSettings(settings)
	o.config = standard.S3Config(settings)
	if o.client, err = s3.New(o.config); err != nil {
		return usageError{err}
	}
	return nil
}

// open finds the store of a URL or path. The errors of it are about the call.
func (o *objectTools) open(ctx context.Context, url string) (store objstore.Store, key string, err error) {
	if o.resolver == nil {
		if err := o.load(); err != nil {
			return nil, "", err
		}
	}
	if store, key, err = o.resolver.Open(ctx, url); err != nil {
		return nil, "", usageError{err}
	}
	return store, key, nil
}

// openBucket reads the URL of a whole bucket.
func (o *objectTools) openBucket(url string) (bucket string, err error) {
	loc, err := objstore.ParseURL(url)
	switch {
	case err != nil:
		return "", usageError{err}
	case loc.Scheme == "file":
		return "", usagef("'%s' names no bucket: write s3://%s", url, strings.Trim(url, "./"))
	case loc.Path != "":
		return "", usagef("'%s' names an object: write s3://%s for the bucket", url, loc.Bucket)
	}
	return loc.Bucket, o.load()
}

// asDirectory is a key as the prefix of what lies below it.
func asDirectory(key string) string {
	if key == "" || strings.HasSuffix(key, "/") {
		return key
	}
	return key + "/"
}

// baseOf is the directory in which a key or pattern stands: up to the last slash before the first pattern character.
func baseOf(pattern string) string {
	if i := strings.IndexAny(pattern, `*?[{\`); i >= 0 {
		pattern = pattern[:i]
	}
	return pattern[:strings.LastIndexByte(pattern, '/')+1]
}

// visible is text as it may be shown: on a terminal without what would change its state, elsewhere as it is.
func (a *app) visible(text string) string {
	if !a.outTerminal {
		return text
	}
	return string(appendVisible(nil, []byte(text)))
}

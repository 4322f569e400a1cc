package setting

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// envPrefix begins the names of environment variables that give settings.
const envPrefix = "MILLSTREAM_"

// carrier is the variable by which a parent process hands a child the keys that no variable's name can
// spell, those below a prefix: a List of key=value.
const carrier = "MILLSTREAM__SETTINGS"

// Variables are the MILLSTREAM_* environment variables that are not settings, with their documentation.
// Names that begin with MILLSTREAM__ (two underscores) are between Millstream's own processes.
var Variables = map[string]string{
	"MILLSTREAM_CONF":          "Configuration file, as by --config.",
	"MILLSTREAM_FLINK":         "Flink distribution that tests against a real Flink use.",
	"MILLSTREAM_KAFKA":         "If set, tests of notifications use Apache Kafka itself.",
	"MILLSTREAM_PEERS":         "Directory where tests keep the real peers (MinIO, Flink, Kafka) that they install.",
	"MILLSTREAM_REQUIRE_PEERS": "If set, a test fails instead of being skipped when its peer cannot be had.",
}

// awsVariables are the variables of the AWS tools that give settings, by the option they give; an earlier
// name wins over a later one.
var awsVariables = []struct {
	option *Option
	names  []string
}{
	{S3AccessKey, []string{"AWS_ACCESS_KEY_ID"}},
	{S3SecretKey, []string{"AWS_SECRET_ACCESS_KEY"}},
	{S3SessionToken, []string{"AWS_SESSION_TOKEN"}},
	{S3Region, []string{"AWS_REGION", "AWS_DEFAULT_REGION"}},
	{S3Endpoint, []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}},
	{S3CAFile, []string{"AWS_CA_BUNDLE"}},
	{S3Profile, []string{"AWS_PROFILE"}},
}

// EnvName returns the name of the environment variable for a key or alias: upper case, '.' and '-' as
// '_', such as MILLSTREAM_S3_ENDPOINT.
func EnvName(key string) string { return envPrefix + envReplacer.Replace(strings.ToUpper(key)) }

var envReplacer = strings.NewReplacer(".", "_", "-", "_")

// envIndex finds what variables' names stand for.
type envIndex struct {
	options  map[string]*Option // by variable's name
	families map[string]*Option // ignored prefixes, by the name's begin; the rest's exact spelling does not matter
}

func newEnvIndex(known *Registry) envIndex {
	index := envIndex{options: map[string]*Option{}, families: map[string]*Option{}}
	for o := range known.Options() {
		for _, key := range append([]string{o.Key}, o.Aliases...) {
			switch {
			case !o.Prefix:
				index.options[EnvName(key)] = o
			case o.Ignored:
				index.families[EnvName(key)] = o
			}
		}
	}
	return index
}

// key returns the canonical key for a variable's name.
func (x envIndex) key(name string) (key string, ok bool) {
	if o := x.options[name]; o != nil {
		return o.Key, true
	}
	for begin, o := range x.families {
		if rest, ok := strings.CutPrefix(name, begin); ok && rest != "" {
			return o.Key + strings.ToLower(rest), true
		}
	}
	return "", false
}

// awsSettings returns the settings that AWS_* variables give. An empty variable gives nothing.
func awsSettings(env map[string]string, known *Registry) []given {
	var all []given
	for _, v := range awsVariables {
		if _, _, ok := known.Lookup(v.option.Key); !ok {
			continue
		}
		for _, name := range v.names {
			if text := env[name]; text != "" {
				all = append(all, given{key: v.option.Key, text: text, origin: environment(name)})
				break
			}
		}
	}
	return all
}

// ownSettings returns the settings that MILLSTREAM_* variables give, in the variables' order by name, and
// an error for each variable that is none. An empty variable gives nothing.
func ownSettings(env map[string]string, known *Registry) (all []given, wrong []error) {
	index := sync.OnceValue(func() envIndex { return newEnvIndex(known) })
	for _, name := range slices.Sorted(maps.Keys(env)) {
		text := env[name]
		switch {
		case name == carrier:
			carried, err := ParseList(text)
			if err != nil {
				wrong = append(wrong, &PlaceError{Place: name, Reason: err.Error(), Err: err})
			}
			for _, pair := range carried {
				key, text, _ := strings.Cut(pair, "=")
				all = append(all, given{key: key, text: text, origin: environment(name)})
			}
		case !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envPrefix+"_") || Variables[name] != "":
		default:
			key, ok := index().key(name)
			if !ok {
				wrong = append(wrong, unknownVariable(name, known))
			} else if text != "" {
				all = append(all, given{key: key, text: text, origin: environment(name)})
			}
		}
	}
	return all, wrong
}

func environment(name string) string { return "environment (" + name + ")" }

// unknownVariable names the variable nearest to name.
func unknownVariable(name string, known *Registry) error {
	variables := NewRegistry("environment variable")
	add := func(name, doc string) {
		if _, _, taken := variables.Lookup(name); !taken {
			variables.Register(&Option{Key: name, Doc: doc})
		}
	}
	for o := range known.Options() {
		for _, key := range append([]string{o.Key}, o.Aliases...) {
			if !o.Prefix {
				add(EnvName(key), o.Doc)
			}
		}
	}
	for name, doc := range Variables {
		add(name, doc)
	}
	return &UnknownKeyError{Noun: "environment variable", Key: name, Nearest: variables.Nearest(name)}
}

// Environ returns what was given as environment variables "NAME=text", in key order, secrets included, so that a
// parent can hand its settings to a child process that calls [Load]. Kept keys are left out: they have no effect.
func (v Values) Environ() []string {
	var all, carried []string
	for _, e := range v.AllWithSecrets() {
		switch {
		case e.Option == nil || e.Option.Ignored || e.Text == "":
		case e.Option.Prefix:
			carried = append(carried, e.Key+"="+e.Text)
		default:
			all = append(all, EnvName(e.Key)+"="+e.Text)
		}
	}
	if len(carried) > 0 {
		all = append(all, carrier+"="+FormatList(carried))
	}
	return all
}

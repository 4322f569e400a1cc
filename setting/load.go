package setting

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// LoadOptions says where [Load] looks.
type LoadOptions struct {
	File     string    // of --config; empty means the file of MILLSTREAM_CONF, ./millstream.yaml or FLINK_CONF_DIR
	Env      []string  // "NAME=text", usually os.Environ(); nil means none
	Defines  []string  // "key=value" of each -D, in order; a later one wins
	Registry *Registry // nil means [Engine]
}

// Load reads the settings of a process. Later places win: a configuration file, AWS_* variables, MILLSTREAM_*
// variables, -D. The file is File, else that of $MILLSTREAM_CONF, else ./millstream.yaml if there is one, else
// config.yaml or flink-conf.yaml in $FLINK_CONF_DIR if there is one. The error joins all that is wrong: every
// unknown key with the nearest known one, every bad value with what is valid, each with its file and line,
// variable or flag.
func Load(options LoadOptions) (Values, error) {
	known := options.Registry
	if known == nil {
		known = Engine
	}
	env := make(map[string]string, len(options.Env))
	for _, pair := range options.Env {
		if name, text, ok := strings.Cut(pair, "="); ok {
			env[name] = text
		}
	}
	v := New(known)
	var wrong []error
	path, err := findFile(options.File, env)
	if err != nil {
		return v, err
	}
	if path != "" {
		fromFile, err := readFile(path, known)
		wrong = append(wrong, err, v.layer(fromFile, filepath.Base(path) != legacyName))
	}
	wrong = append(wrong, v.layer(awsSettings(env, known), false))
	own, unknown := ownSettings(env, known)
	wrong = append(append(wrong, unknown...), v.layer(own, true))
	defines, err := parseDefines(options.Defines)
	wrong = append(wrong, err, v.layer(defines, false))
	return v, errors.Join(wrong...)
}

// findFile returns the configuration file's path, or "" if there is none. One that the user named must be there.
func findFile(named string, env map[string]string) (string, error) {
	if named != "" {
		return named, nil
	}
	if path := env["MILLSTREAM_CONF"]; path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", &PlaceError{Place: "environment (MILLSTREAM_CONF)", Reason: "cannot read the configuration file: " + err.Error(), Err: err}
		}
		return path, nil
	}
	candidates := []string{"millstream.yaml"}
	if dir := env["FLINK_CONF_DIR"]; dir != "" {
		candidates = append(candidates, filepath.Join(dir, "config.yaml"), filepath.Join(dir, legacyName))
	}
	for _, path := range candidates {
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", &PlaceError{Place: path, Reason: "cannot read the configuration file: " + err.Error(), Err: err}
		}
	}
	return "", nil
}

func parseDefines(defines []string) ([]given, error) {
	var all []given
	var wrong []error
	for _, text := range defines {
		key, value, ok := strings.Cut(text, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			// The text may be a secret that lost its key, so only what stands before a '=' is shown.
			wrong = append(wrong, &PlaceError{Place: "-D", Reason: "not a setting: valid is -D key=value, such as -D parallelism.default=2"})
			continue
		}
		all = append(all, given{key: key, text: value, origin: "-D"})
	}
	return all, errors.Join(wrong...)
}

// layer sets what one place gives. With once, two spellings of one key with different texts are an error;
// otherwise the later one wins.
func (v *Values) layer(all []given, once bool) error {
	before := *v
	firsts := make(map[string]given, len(all))
	var wrong []error
	for _, g := range all {
		canonical, e, err := v.check(g.key, g.text, g.origin)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if first, twice := firsts[canonical]; twice && once && first.text != g.text {
			wrong = append(wrong, &PlaceError{Place: g.origin, Reason: "'" + g.key + "' and '" + first.key + "' at " + first.origin + " are the same " + v.known.noun + " with different values: give one"})
			continue
		}
		firsts[canonical] = g
		v.put(canonical, e)
	}
	v.settleCredentials(before, firsts)
	return errors.Join(wrong...)
}

// settleCredentials keeps credentials of different places apart, after a place that gave what is in now.
// A session token belongs to the access key given beside it, so another access key without a token takes
// it away. A profile given alone replaces keys, but not if it is AWS_PROFILE: that is for other tools too
// and says less than keys that somebody wrote down for Millstream.
func (v *Values) settleCredentials(before Values, now map[string]given) {
	_, key := now[S3AccessKey.Key]
	_, token := now[S3SessionToken.Key]
	if key && !token && v.Text(S3AccessKey) != before.Text(S3AccessKey) {
		v.Reset(S3SessionToken.Key)
	}
	if profile, ok := now[S3Profile.Key]; ok && !key && profile.origin != environment("AWS_PROFILE") {
		v.Reset(S3AccessKey.Key)
		v.Reset(S3SecretKey.Key)
		v.Reset(S3SessionToken.Key)
	}
}

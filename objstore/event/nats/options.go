package nats

import (
	"errors"
	"net/url"
	"strings"

	"github.com/millstream/millstream/setting"
)

// Values of nats.scan.startup.mode.
const (
	latest   = "latest"
	earliest = "earliest"
)

var (
	urlOption = &setting.Option{Key: "nats.url", Check: checkURL,
		Doc: "URLs of NATS servers with commas between, such as 'nats://127.0.0.1:4222'; tls:// and wss:// encrypt."}
	subjectOption = &setting.Option{Key: "nats.subject", Check: checkSubject,
		Doc: "Subject to which the store publishes its notifications; '*' and '>' are wildcards. With 'nats.stream' only those of its messages are read."}
	streamOption = &setting.Option{Key: "nats.stream", Check: checkName,
		Doc: "Stream of JetStream that keeps the notifications. With it reading goes on where the last checkpoint was; without it what is published " +
			"while nobody reads is found by a listing only."}
	durableOption = &setting.Option{Key: "nats.durable", Check: checkName,
		Doc: "Name of a durable consumer of the stream, which this table has for itself. Messages are acknowledged to it once a checkpoint covers them, " +
			"so that streams which keep what is not acknowledged can let go of them."}
	startOption = &setting.Option{Key: "nats.scan.startup.mode", Type: setting.Enum, Default: latest, Values: []string{latest, earliest},
		Doc: "Where reading of a stream begins without a checkpoint and without acknowledgements: with what is published from now on, or with everything that it still has."}
	ignoreOption = &setting.Option{Key: "nats.ignore-parse-errors", Type: setting.Bool, Default: "false",
		Doc: "Whether messages that are no notifications are skipped rather than fail the job."}
	userOption     = &setting.Option{Key: "nats.user", Doc: "User to log in as."}
	passwordOption = &setting.Option{Key: "nats.password", Secret: true, Doc: "Password of 'nats.user'."}
	tokenOption    = &setting.Option{Key: "nats.token", Secret: true, Doc: "Token to log in with."}
	credsOption    = &setting.Option{Key: "nats.credentials-file", Doc: "File of credentials to log in with, as NATS's tools make them."}
	caOption       = &setting.Option{Key: "nats.tls.ca-file", Doc: "PEM file of the authority that signed the servers' certificates."}
)

// Options are what [Open] reads.
var Options = []*setting.Option{urlOption, subjectOption, streamOption, durableOption, startOption, ignoreOption, userOption, passwordOption, tokenOption,
	credsOption, caOption}

func checkURL(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" {
			return errors.New("not a list of URLs: valid are 'nats://HOST:PORT' with commas between")
		}
		if u.User != nil {
			return errors.New("with a login, which would be shown: valid are URLs without; see 'nats.user', 'nats.password' and 'nats.token'")
		}
	}
	return nil
}

func checkSubject(text string) error {
	for part := range strings.SplitSeq(text, ".") {
		if part == "" || strings.ContainsAny(part, " \t\r\n") {
			return errors.New("not a subject: valid are words with '.' between, such as 'store.events'")
		}
	}
	return nil
}

func checkName(text string) error {
	if strings.ContainsAny(text, " .*>/\\\t\r\n") {
		return errors.New("not a name: valid are those without blanks, '.', '*', '>' and slashes")
	}
	return nil
}

// config are the options' values, checked against each other.
type config struct {
	url, subject, stream, durable, start string
	ignore                               bool
}

func configure(v setting.Values) (config, error) {
	c := config{url: v.Text(urlOption), subject: v.Text(subjectOption), stream: v.Text(streamOption), durable: v.Text(durableOption), start: v.Enum(startOption),
		ignore: v.Bool(ignoreOption)}
	switch {
	case c.url == "":
		return c, &setting.MissingError{Key: urlOption.Key}
	case c.subject == "" && c.stream == "":
		return c, errors.New("'" + subjectOption.Key + "' or '" + streamOption.Key + "' is missing")
	case c.durable != "" && c.stream == "":
		return c, errors.New("'" + durableOption.Key + "' needs '" + streamOption.Key + "'")
	}
	return c, nil
}

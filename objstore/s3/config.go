package s3

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/millstream/millstream/objstore"
)

// Style says where a request names the bucket.
type Style uint8

const (
	Auto        Style = iota // virtual-host style for AWS, path style for everything else
	Path                     // http://host/bucket/key
	VirtualHost              // http://bucket.host/key
)

// Config describes one S3-compatible endpoint. The zero value is AWS, with credentials from the
// environment.
type Config struct {
	// Endpoint is the URL of the API, such as "http://127.0.0.1:9000". Without a scheme it is http for
	// IP addresses and localhost, https otherwise. Empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS.
	Endpoint string
	// Region is part of the signature. Empty: AWS_REGION, AWS_DEFAULT_REGION, the one in an AWS
	// endpoint's name, or us-east-1; if the store then names another one, that is used.
	Region    string
	PathStyle Style

	// AccessKey and SecretKey win. Otherwise Profile, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the
	// profile AWS_PROFILE or default of ~/.aws/credentials and ~/.aws/config; if there are none either,
	// requests are anonymous.
	AccessKey    string
	SecretKey    string
	SessionToken string
	Profile      string
	Anonymous    bool // send no credentials, whatever there are

	CAFile             string // PEM file of authorities to trust besides the system's; empty: AWS_CA_BUNDLE
	InsecureSkipVerify bool   // do not check the server's certificate

	PartSize       int64         // bytes of one part of an upload, default 8 MiB, at least 5 MiB
	Parallelism    int           // parts in flight of all uploads of the client together, default 4
	ConnectTimeout time.Duration // for TCP and TLS each, default 3 s
	RequestTimeout time.Duration // longest silence on a connection under a request, default 30 s
	MaxAttempts    int           // tries of a request that fails in passing, default 6
	RetryDelay     time.Duration // upper bound of the first pause between tries, doubled each time, default 100 ms
}

// minPartSize is what S3 demands of all parts but the last.
const minPartSize = 5 << 20

// endpoint is a Config's Endpoint, understood.
type endpoint struct {
	scheme string
	host   string // with port, unless it is the scheme's own
	style  Style  // never Auto
	// aws: the host is AWS's own, named by region.
	aws bool
}

func badConfig(url, reason, hint string) error {
	return &objstore.Error{Op: "use", URL: url, Kind: objstore.BadURL, Reason: reason, Hint: hint}
}

// withDefaults fills in everything but credentials.
func (c Config) withDefaults() (Config, endpoint, error) {
	if c.Endpoint == "" {
		c.Endpoint = firstOf(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"))
	}
	if c.Region == "" {
		c.Region = firstOf(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	}
	if c.CAFile == "" {
		c.CAFile = os.Getenv("AWS_CA_BUNDLE")
	}
	ep, region, err := parseEndpoint(c.Endpoint, c.PathStyle)
	if err != nil {
		return c, ep, err
	}
	c.Region = firstOf(c.Region, region, "us-east-1")
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return c, ep, badConfig("the S3 settings", "of access key and secret key only one is set", "set both s3.access-key and s3.secret-key, or none")
	}
	setDefault(&c.PartSize, 8<<20)
	setDefault(&c.Parallelism, 4)
	setDefault(&c.ConnectTimeout, 3*time.Second)
	setDefault(&c.RequestTimeout, 30*time.Second)
	setDefault(&c.MaxAttempts, 6)
	setDefault(&c.RetryDelay, 100*time.Millisecond)
	if c.PartSize < minPartSize {
		return c, ep, badConfig("the S3 settings", fmt.Sprintf("a part size of %d bytes is too small", c.PartSize),
			fmt.Sprintf("S3 takes parts of %d bytes (5 MiB) and more", minPartSize))
	}
	return c, ep, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func setDefault[T int | int64 | time.Duration](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// parseEndpoint understands an endpoint and returns the region in its name, if any.
func parseEndpoint(text string, style Style) (ep endpoint, region string, err error) {
	if text == "" {
		ep = endpoint{scheme: "https", aws: true, style: style}
		if style == Auto {
			ep.style = VirtualHost
		}
		return ep, "", nil
	}
	full := text
	if !strings.Contains(text, "://") {
		host := text
		if h, _, err := net.SplitHostPort(text); err == nil {
			host = h
		}
		full = "https://" + text
		if host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil {
			full = "http://" + text
		}
	}
	u, err := url.Parse(full)
	hint := "s3.endpoint is like http://127.0.0.1:9000 or https://s3.example.com"
	switch {
	case err != nil:
		return ep, "", badConfig("the endpoint '"+text+"'", "it is no URL", hint)
	case u.User != nil:
		// Never echo what may be a secret.
		return ep, "", badConfig("the endpoint at '"+u.Host+"'", "it carries credentials", "set s3.access-key and s3.secret-key instead")
	case u.Scheme != "http" && u.Scheme != "https":
		return ep, "", badConfig("the endpoint '"+text+"'", "its scheme is '"+u.Scheme+"', not http or https", hint)
	case u.Hostname() == "":
		return ep, "", badConfig("the endpoint '"+text+"'", "it has no host", hint)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return ep, "", badConfig("the endpoint '"+text+"'", "something stands behind host and port", "the bucket belongs into the path of a table: s3://bucket/key")
	}
	ep = endpoint{scheme: u.Scheme, host: strings.ToLower(u.Host), style: style}
	// Clients leave the scheme's own port out of the Host header, which is signed.
	if p := u.Port(); p == "80" && u.Scheme == "http" || p == "443" && u.Scheme == "https" {
		ep.host = strings.TrimSuffix(ep.host, ":"+p)
	}
	amazon := s3utils.IsAmazonEndpoint(*u)
	if amazon && u.Port() == "" && (ep.host == "s3.amazonaws.com" || ep.host == "s3."+s3utils.GetRegionFromURL(*u)+".amazonaws.com") {
		ep.aws, ep.host = true, ""
	}
	if style == Auto {
		ep.style = Path
		if amazon {
			ep.style = VirtualHost
		}
	}
	return ep, s3utils.GetRegionFromURL(*u), nil
}

// hostFor returns the host of requests to a region.
func (e endpoint) hostFor(region string) string {
	if !e.aws {
		return e.host
	}
	if strings.HasPrefix(region, "cn-") {
		return "s3." + region + ".amazonaws.com.cn"
	}
	return "s3." + region + ".amazonaws.com"
}

// address returns scheme and host for messages.
func (e endpoint) address(region string) string { return e.scheme + "://" + e.hostFor(region) }

// tlsConfig trusts the system's authorities and those of CAFile.
func (c Config) tlsConfig() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.InsecureSkipVerify}
	if c.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, &objstore.Error{Op: "read", URL: "the CA file " + c.CAFile, Kind: objstore.BadURL, Reason: err.Error(), Err: err, Hint: "check s3.tls.ca-file"}
	}
	// A system without any authority of its own is none that the job needs.
	t.RootCAs, err = x509.SystemCertPool()
	if err != nil {
		t.RootCAs = x509.NewCertPool()
	}
	if !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, badConfig("the CA file "+c.CAFile, "it holds no certificate in PEM form", "check s3.tls.ca-file")
	}
	return t, nil
}

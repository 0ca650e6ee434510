//! The URL of the bucket, and presigned URLs (AWS Signature Version 4, query parameters).

use std::time::{Duration, SystemTime};

use aws_config::Region;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4::SigningParams;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

use super::client::S3Request;

/// A request that a client without a credential may send until it expires.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresignedUrl {
    /// `PUT` or `GET`.
    pub method: String,
    /// The URL with the signature.
    pub url: String,
    /// The headers that the client has to send unchanged, because they are signed.
    pub headers: std::collections::BTreeMap<String, String>,
}

/// The URL that every object's URL begins with.
pub(super) fn base_url(bucket: &str, region: &Region, endpoint: Option<&str>) -> String {
    match endpoint {
        // A custom endpoint does not have a host name for each bucket.
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{region}.amazonaws.com"),
    }
}

/// Signs a request without its body, which is not known here. The headers are signed, so the client has to send them unchanged.
pub(super) fn presign(
    base_url: &str,
    request: S3Request,
    seconds: u64,
    credentials: Credentials,
    region: &Region,
    now: SystemTime,
) -> Result<PresignedUrl> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(seconds));
    // Unlike every other service, S3 does not normalise the path.
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = credentials.into();
    let signing = SigningParams::builder().identity(&identity).region(region.as_ref()).name("s3").time(now);
    let signing = signing.settings(settings).build().map_err(Error::internal)?.into();

    let url = format!("{base_url}{}", request.target);
    let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let signable = SignableRequest::new(request.method, &url, headers, SignableBody::UnsignedPayload);
    let (signature, _) = sign(signable.map_err(Error::internal)?, &signing).map_err(Error::internal)?.into_parts();
    let mut signed = http::Request::builder().uri(url).body(()).map_err(Error::internal)?;
    signature.apply_to_request_http1x(&mut signed);
    let headers = request.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(PresignedUrl { method: request.method.to_owned(), url: signed.uri().to_string(), headers: headers.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRANKFURT: Region = Region::from_static("eu-central-1");

    fn signed(base_url: &str, region: &Region, request: S3Request, token: Option<&str>) -> PresignedUrl {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, token.map(str::to_owned), None, "test");
        let midnight = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        presign(base_url, request, 86_400, credentials, region, midnight).unwrap()
    }

    #[test]
    fn example_of_the_s3_reference_has_its_signature() {
        // "Authenticating Requests: Using Query Parameters" in the S3 API reference.
        let base_url = "https://examplebucket.s3.amazonaws.com";
        let signed = signed(base_url, &Region::from_static("us-east-1"), S3Request::new("GET", "test.txt"), None);
        let expected = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
            &X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
            &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert_eq!((signed.method.as_str(), signed.url.as_str()), ("GET", expected));
        assert!(signed.headers.is_empty());
    }

    #[test]
    fn bucket_is_in_the_host_or_in_the_path_of_a_custom_endpoint() {
        assert_eq!(base_url("souk-files", &FRANKFURT, None), "https://souk-files.s3.eu-central-1.amazonaws.com");
        for endpoint in ["http://127.0.0.1:4566", "http://127.0.0.1:4566/"] {
            assert_eq!(base_url("souk-files", &FRANKFURT, Some(endpoint)), "http://127.0.0.1:4566/souk-files");
        }
    }

    #[test]
    fn key_is_encoded_once_and_keeps_its_slashes() {
        let signed = |key| signed("https://b.example", &FRANKFURT, S3Request::new("GET", key), None).url;
        let path = |key| signed(key).split_once('?').unwrap().0.to_owned();
        assert_eq!(path("a b/ü+&?#%41.txt"), "https://b.example/a%20b/%C3%BC%2B%26%3F%23%2541.txt");
        assert_eq!(path("a/./../b//c_-.~"), "https://b.example/a/./../b//c_-.~");
    }

    #[test]
    fn type_and_length_of_an_upload_are_signed() {
        let put = S3Request::new("PUT", "mug.jpg").header("content-type", "image/jpeg").header("content-length", "5");
        let signed = signed("https://b.example", &FRANKFURT, put, None);
        assert!(signed.url.contains("&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&"), "{}", signed.url);
        let headers: Vec<_> = signed.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            (signed.method.as_str(), headers.join(", ").as_str()),
            ("PUT", "content-length: 5, content-type: image/jpeg")
        );
    }

    #[test]
    fn query_is_kept_and_a_session_adds_its_token() {
        let get =
            S3Request::new("GET", "mug.jpg").query("response-content-disposition", "attachment; filename=\"a/b.csv\"");
        let signed = signed("https://b.example", &FRANKFURT, get, Some("a/token=="));
        let query = "?response-content-disposition=attachment%3B%20filename%3D%22a%2Fb.csv%22&X-Amz-Algorithm=";
        assert!(signed.url.contains(query), "{}", signed.url);
        assert!(signed.url.contains("&X-Amz-Security-Token=a%2Ftoken%3D%3D"), "{}", signed.url);
    }
}

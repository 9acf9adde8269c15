using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Drover.NetQueue.Server;

/// <summary>The self-signed certificate that clients pin by its fingerprint.</summary>
internal static class ServerCertificate
{
    private const string CertificateName = "netqueue-cert.pem";
    private const string KeyName = "netqueue-key.pem";

    /// <summary>SHA-256 of the certificate's DER form, in lower-case hex.</summary>
    public static string FingerprintOf(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>The one in the folder; a new one when there is none.</summary>
    public static X509Certificate2 Load(string? folder, TimeProvider time)
    {
        if (folder is null)
            return Create(time);
        string certificate = Path.Combine(folder, CertificateName), key = Path.Combine(folder, KeyName);
        if (!File.Exists(certificate) || !File.Exists(key))
            Save(Create(time), folder, certificate, key);
        return X509Certificate2.CreateFromPemFile(certificate, key);
    }

    private static X509Certificate2 Create(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=drover-netqueue", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName("drover-netqueue");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var now = time.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(20));
    }

    private static void Save(X509Certificate2 created, string folder, string certificate, string key)
    {
        using (created)
        {
            Directory.CreateDirectory(folder);
            using var privateKey = created.GetECDsaPrivateKey()!;
            // The key first and readable by its owner alone from the first byte on: a crash in between leaves no certificate without a key.
            var mode = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new FileStream(key, mode))
            using (var text = new StreamWriter(file))
                text.Write(privateKey.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(certificate, created.ExportCertificatePem());
        }
    }
}

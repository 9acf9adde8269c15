using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Drover.NetQueue.Protocol;
using Drover.NetQueue.Server;

namespace Drover.NetQueue.Client;

/// <summary>Opens connections to the queue server.</summary>
internal sealed class Dialer(NetQueueClientOptions options)
{
    public async Task<Stream> OpenAsync(CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, cancel).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            return options.UsesTls ? await SecureAsync(stream, cancel).ConfigureAwait(false) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Stream> SecureAsync(Stream plain, CancellationToken cancel)
    {
        string? shown = null;
        var tls = new SslStream(plain);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = options.Host,
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    {
                        shown = certificate is null ? null : ServerCertificate.FingerprintOf(certificate);
                        return options.Fingerprint is { } pinned ? shown is not null && Same(pinned, shown) : errors == SslPolicyErrors.None;
                    },
                },
                cancel).ConfigureAwait(false);
            return tls;
        }
        catch (AuthenticationException e) when (shown is not null)
        {
            throw new NetQueueException(ErrorCode.Insecure, options.Fingerprint is null
                ? $"{options} shows a certificate that this machine does not trust. If its fingerprint is really {shown}, pin it with ?fingerprint={shown}."
                : $"{options} shows a certificate with the fingerprint {shown}, and {options.Fingerprint} is expected.", e);
        }
    }

    private static bool Same(string pinned, string shown) => pinned.Replace(":", "", StringComparison.Ordinal).Equals(shown, StringComparison.OrdinalIgnoreCase);
}

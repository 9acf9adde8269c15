using Drover.NetQueue.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Drover.NetQueue.Server;

/// <summary>
/// One port for all: the first byte of a connection tells TLS (0x16) from plain, and the first byte inside tells the
/// binary protocol (0x00) from HTTP, which goes on to Kestrel's own stack.
/// </summary>
internal static class PortSharing
{
    private const byte TlsHandshake = 0x16;

    public static void Use(ListenOptions listen, ServerContext server, HttpsConnectionAdapterOptions tls)
    {
        // The chain is built from its end: the last part is known when the first is made.
        ConnectionDelegate inside = null!;
        listen.Use(next => connection => OuterAsync(connection, server, next, inside));
        listen.UseHttps(tls);
        listen.Use(http => inside = connection => InnerAsync(connection, server, http));
    }

    private static async Task OuterAsync(ConnectionContext connection, ServerContext server, ConnectionDelegate tls, ConnectionDelegate plain)
    {
        if (await FirstByteAsync(connection, server).ConfigureAwait(false) is not { } first)
            return;
        await (first == TlsHandshake ? tls : plain)(connection).ConfigureAwait(false);
    }

    private static async Task InnerAsync(ConnectionContext connection, ServerContext server, ConnectionDelegate http)
    {
        if (!server.TryEnter())
        {
            await RefuseAsync(connection).ConfigureAwait(false);
            return;
        }

        try
        {
            if (await FirstByteAsync(connection, server).ConfigureAwait(false) is not { } first)
                return;
            if (first != Wire.Preamble[0])
                await http(connection).ConfigureAwait(false);
            else if (await TakePreambleAsync(connection, server).ConfigureAwait(false))
            {
                using var serving = new ServerConnection(server, connection, Transport.IsSecure(connection));
                await serving.RunAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            server.Leave();
        }
    }

    /// <summary>Waits for the first byte without taking it; null when none comes in time.</summary>
    private static ValueTask<byte?> FirstByteAsync(ConnectionContext connection, ServerContext server) =>
        PeekAsync(connection, server, 1, static (sequence, _) => (sequence.FirstSpan[0], false));

    private static async ValueTask<bool> TakePreambleAsync(ConnectionContext connection, ServerContext server) =>
        await PeekAsync(connection, server, Wire.Preamble.Length, static (sequence, length) =>
        {
            Span<byte> preamble = stackalloc byte[length];
            System.Buffers.BuffersExtensions.CopyTo(sequence.Slice(0, length), preamble);
            return ((byte)(preamble.SequenceEqual(Wire.Preamble) ? 1 : 0), true);
        }).ConfigureAwait(false) == 1;

    private static async ValueTask<byte?> PeekAsync(
        ConnectionContext connection, ServerContext server, int length, Func<System.Buffers.ReadOnlySequence<byte>, int, (byte Found, bool Take)> look)
    {
        using var limit = new CancellationTokenSource(server.Options.HelloTimeout, server.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(either.Token).ConfigureAwait(false);
                if (read.Buffer.Length >= length)
                {
                    var (found, take) = look(read.Buffer, length);
                    input.AdvanceTo(take ? read.Buffer.GetPosition(length) : read.Buffer.Start);
                    return found;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted)
                    return null;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException or ConnectionResetException)
        {
            return null;
        }
    }

    private static async Task RefuseAsync(ConnectionContext connection)
    {
        using var frame = new FrameWriter();
        frame.Begin(FrameType.Error, 0);
        Messages.ErrorMessages.Write(frame, ErrorCode.TooMany, "There are too many connections; try again later.");
        frame.End();
        try
        {
            await connection.Transport.Output.WriteAsync(frame.Written).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException or ConnectionResetException)
        {
            // It did not wait for the reason.
        }
    }
}

/// <summary>What is known of a connection's safety.</summary>
internal static class Transport
{
    /// <summary>Whether a credential may travel over it: TLS, or it never leaves this machine.</summary>
    public static bool IsSecure(ConnectionContext connection) =>
        connection.Features.Get<ITlsHandshakeFeature>() is not null
        || (connection.RemoteEndPoint is System.Net.IPEndPoint remote && System.Net.IPAddress.IsLoopback(remote.Address));
}

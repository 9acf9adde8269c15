using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.StoreTests.NetQueue;

/// <summary>A socket to the queue server on which a test writes what it likes.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TcpClient _tcp = new() { NoDelay = true };

    public NetworkStream Stream => _tcp.GetStream();

    public static async Task<RawClient> OpenAsync(IPEndPoint server)
    {
        var client = new RawClient();
        await client._tcp.ConnectAsync(server);
        return client;
    }

    /// <summary>Connected and introduced.</summary>
    public static async Task<RawClient> WelcomedAsync(IPEndPoint server, string token = NetQueueHouse.Secret)
    {
        var client = await OpenAsync(server);
        await client.SendHelloAsync(token);
        var (type, _, _) = await client.ReadAsync() ?? throw new IOException("closed");
        Assert.Equal(FrameType.Hello | FrameType.Reply, type);
        return client;
    }

    public async Task SendHelloAsync(string token, ushort min = 1, ushort max = 1, Guid client = default)
    {
        await Stream.WriteAsync(Wire.Preamble.ToArray());
        await SendAsync(FrameType.Hello, 1, w => new Hello(min, max, token, client, "raw").Write(w));
    }

    public async Task SendAsync(FrameType type, uint id, Action<FrameWriter> body)
    {
        using var frame = new FrameWriter();
        frame.Begin(type, id);
        body(frame);
        frame.End();
        await Stream.WriteAsync(frame.Written);
    }

    /// <summary>The next frame; null when the server has closed.</summary>
    public async Task<(FrameType Type, uint Id, byte[] Body)?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        byte[] header = new byte[Wire.HeaderBytes];
        try
        {
            if (await Stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, patience.Token) < header.Length)
                return null;
            byte[] body = new byte[BinaryPrimitives.ReadUInt32LittleEndian(header) - 6];
            await Stream.ReadExactlyAsync(body, patience.Token);
            return ((FrameType)header[4], BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(6)), body);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads until an error frame; answers its code and request.</summary>
    public async Task<(ErrorCode Code, uint Id)> ErrorAsync()
    {
        while (await ReadAsync() is { } frame)
            if (frame.Type == FrameType.Error)
                return ((ErrorCode)BinaryPrimitives.ReadUInt16LittleEndian(frame.Body), frame.Id);
        throw new IOException("The server closed without an error frame.");
    }

    /// <summary>Reads to the end.</summary>
    public async Task ClosedAsync()
    {
        while (await ReadAsync() is not null)
        {
        }
    }

    public void Dispose() => _tcp.Dispose();
}

using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Drover.Tests.Support;

namespace Drover.Tests.Server;

/// <summary>A WebSocket client of the live updates.</summary>
internal sealed class Socket : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[1 << 20];

    public static async Task<Socket> OpenAsync(TestHost host, string? token = null)
    {
        var socket = new Socket();
        socket._socket.Options.SetRequestHeader("Authorization", "Bearer " + (token ?? host.Token));
        await socket._socket.ConnectAsync(new($"ws://{host.Url.Authority}/api/v1/ws"), CancellationToken.None).InTimeAsync();
        return socket;
    }

    public Task SendAsync(string json) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None).InTimeAsync();

    public Task SubscribeAsync(string topic, long? after = null) =>
        SendAsync(after is null ? $$"""{"op":"subscribe","topic":"{{topic}}"}""" : $$"""{"op":"subscribe","topic":"{{topic}}","after":{{after}}}""");

    /// <summary>The next frame; null when the server has closed.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        int length = 0;
        while (true)
        {
            var received = await _socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None).AsTask().InTimeAsync();
            if (received.MessageType == WebSocketMessageType.Close)
                return null;
            length += received.Count;
            if (received.EndOfMessage)
                return JsonElement.Parse(_buffer.AsSpan(0, length));
        }
    }

    /// <summary>Reads on until a frame is of this topic and event.</summary>
    public async Task<JsonElement> UntilAsync(string topic, string name, Func<JsonElement, bool>? isIt = null)
    {
        while (await NextAsync() is { } frame)
        {
            if (frame.GetProperty("topic").GetString() == topic && frame.GetProperty("event").GetString() == name && isIt?.Invoke(frame) != false)
                return frame;
        }

        throw new InvalidOperationException($"The server closed: {_socket.CloseStatus} {_socket.CloseStatusDescription}");
    }

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

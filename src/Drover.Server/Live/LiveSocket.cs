using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Drover.Server.Contracts;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Storage;

namespace Drover.Server.Live;

/// <summary>
/// One WebSocket client with its subscriptions. Each runs by itself and waits for its turn to send, so that however
/// slow the client is, no more is held for it than one page or batch a subscription.
/// </summary>
internal sealed class LiveSocket(WebSocket socket, LiveTopics topics, ServerOptions options, TimeProvider time, ILogger log) : ILiveSink, IDisposable
{
    private const int MaxFrameBytes = 16 * 1024;
    private const int MaxSubscriptions = 64;

    private readonly SemaphoreSlim _sending = new(1);
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Dictionary<string, (CancellationTokenSource Cancel, Task Running)> _subscriptions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _broken = new();

    /// <summary>Serves the client until it leaves, breaks off or <paramref name="stopping"/> fires.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, _broken.Token);
        var (status, reason) = (WebSocketCloseStatus.NormalClosure, "");
        try
        {
            (status, reason) = await ReceiveAsync(ending.Token);
        }
        catch (OperationCanceledException)
        {
            (status, reason) = (WebSocketCloseStatus.EndpointUnavailable, "Drover is shutting down.");
        }
        catch (WebSocketException)
        {
            // It broke off.
        }

        foreach (var (cancel, _) in _subscriptions.Values)
            await cancel.CancelAsync();
        await Task.WhenAll(_subscriptions.Values.Select(s => s.Running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync(status, reason);
    }

    public async ValueTask SendAsync(LiveFrame frame)
    {
        await _sending.WaitAsync(_broken.Token);
        try
        {
            _buffer.ResetWrittenCount();
            frame.WriteTo(_buffer);
            var sent = socket.SendAsync(_buffer.WrittenMemory, WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, CancellationToken.None);
            if (!sent.IsCompletedSuccessfully)
                await sent.AsTask().WaitAsync(options.StallTimeout, time, _broken.Token);
        }
        catch (Exception e) when (e is TimeoutException or WebSocketException or ObjectDisposedException)
        {
            // A client that takes nothing is cut off; what it has had it can go on from.
            socket.Abort();
            await _broken.CancelAsync();
            throw new OperationCanceledException(_broken.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    public ValueTask FlushAsync() => ValueTask.CompletedTask;

    public void Dispose()
    {
        foreach (var (cancel, _) in _subscriptions.Values)
            cancel.Dispose();
        _sending.Dispose();
        _broken.Dispose();
    }

    private async Task<(WebSocketCloseStatus, string)> ReceiveAsync(CancellationToken ending)
    {
        byte[] buffer = new byte[MaxFrameBytes];
        int length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), ending);
            if (received.MessageType == WebSocketMessageType.Close)
                return (WebSocketCloseStatus.NormalClosure, "");
            if (received.MessageType == WebSocketMessageType.Binary)
                return (WebSocketCloseStatus.InvalidMessageType, "Frames are JSON text.");
            length += received.Count;
            if (!received.EndOfMessage && length == buffer.Length)
                return (WebSocketCloseStatus.MessageTooBig, $"A frame may have {MaxFrameBytes} bytes.");
            if (!received.EndOfMessage)
                continue;
            await HandleAsync(buffer.AsMemory(0, length), ending);
            length = 0;
        }
    }

    private async ValueTask HandleAsync(ReadOnlyMemory<byte> frame, CancellationToken ending)
    {
        LiveRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(frame.Span, DroverJson.Api.LiveRequest);
        }
        catch (JsonException e)
        {
            await ErrorAsync("", BodyErrors.Explain(e, typeof(LiveRequest)));
            return;
        }

        if (request is null || !LiveTopics.Exists(request.Topic))
            await ErrorAsync(request?.Topic ?? "", Problem("There is no such topic; known are jobs, job:ID, logs:ID, workers, queues, servers and system."));
        else if (request.After < 0)
            await ErrorAsync(request.Topic, Problem("after must not be negative."));
        else if (request.Op == LiveOp.Subscribe)
            await SubscribeAsync(request, ending);
        else
            await UnsubscribeAsync(request.Topic);
    }

    private async ValueTask SubscribeAsync(LiveRequest request, CancellationToken ending)
    {
        // Again from another place: the earlier one ends first.
        await EndAsync(request.Topic);
        foreach (string ended in _subscriptions.Where(s => s.Value.Running.IsCompleted).Select(s => s.Key).ToList())
            await EndAsync(ended);
        if (_subscriptions.Count >= MaxSubscriptions)
        {
            await ErrorAsync(request.Topic, Problem($"A connection may have {MaxSubscriptions} subscriptions."));
            return;
        }

        var cancel = CancellationTokenSource.CreateLinkedTokenSource(ending);
        _subscriptions.Add(request.Topic, (cancel, Task.Run(() => RunAsync(request, cancel.Token), CancellationToken.None)));
    }

    private async ValueTask UnsubscribeAsync(string topic)
    {
        await EndAsync(topic);
        await SendAsync(new(topic, "unsubscribed", null, default));
    }

    private async ValueTask EndAsync(string topic)
    {
        if (!_subscriptions.Remove(topic, out var subscription))
            return;
        await subscription.Cancel.CancelAsync();
        await subscription.Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        subscription.Cancel.Dispose();
    }

    private async Task RunAsync(LiveRequest request, CancellationToken cancel)
    {
        try
        {
            await topics.RunAsync(request.Topic, request.After, this, cancel);
        }
        catch (OperationCanceledException)
        {
            // The client has left, or wants no more.
        }
        catch (StoreUnavailableException e)
        {
            await TryErrorAsync(request.Topic, e.Message);
        }
        catch (Exception e)
        {
            log.SubscriptionFailed(e, request.Topic);
            await TryErrorAsync(request.Topic, "This is a fault in Drover; its log tells more.");
        }
    }

    /// <summary>The client learns that it must subscribe again, from where it was.</summary>
    private async ValueTask TryErrorAsync(string topic, string detail)
    {
        try
        {
            await ErrorAsync(topic, new() { Title = "Interrupted", Status = StatusCodes.Status503ServiceUnavailable, Detail = detail });
        }
        catch (OperationCanceledException)
        {
            // It has left.
        }
    }

    private ValueTask ErrorAsync(string topic, ProblemBody problem) =>
        SendAsync(new(topic, "error", null, LiveData.Bytes(problem, DroverJson.Api.ProblemBody)));

    private static ProblemBody Problem(string detail) => new() { Title = "Invalid request", Status = StatusCodes.Status400BadRequest, Detail = detail };

    private async ValueTask CloseAsync(WebSocketCloseStatus status, string reason)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(status, reason, patience.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }
}

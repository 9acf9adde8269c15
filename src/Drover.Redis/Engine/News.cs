using System.Threading.Channels;
using Drover.Events;
using Drover.Storage;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Drover.Redis.Engine;

/// <summary>
/// Carries the brokers' events between nodes by publish and subscribe. That loses messages when a connection breaks, so
/// messages are numbered, also silent ones every few seconds: a gap makes the reader look for itself.
/// </summary>
internal sealed class News : IAsyncDisposable
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);
    private readonly Channel<BrokerEvent> _outgoing = Channel.CreateBounded<BrokerEvent>(
        new BoundedChannelOptions(50_000) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Link _link;
    private readonly string _node;
    private readonly ILogger _log;
    private readonly RedisChannel _channel;
    private ISharedStoreNode? _broker;
    private Task _pump = Task.CompletedTask;
    private int _dropped;
    private int _disposed;

    private News(Link link, string node, ILogger log)
    {
        (_link, _node, _log) = (link, node, log);
        _channel = RedisChannel.Literal(link.Prefix + ":news");
    }

    public static async ValueTask<News> StartAsync(Link link, string node, ILogger log)
    {
        var news = new News(link, node, log);
        var subscriber = link.Connection.GetSubscriber();
        var queue = await link.CallAsync(_ => subscriber.SubscribeAsync(news._channel), default);
        queue.OnMessage(message => news.Hear(message.Message!));
        link.Connection.ConnectionRestored += (_, _) => news.Miss();
        news._pump = news.PumpAsync(subscriber);
        return news;
    }

    public void Join(ISharedStoreNode node)
    {
        lock (_gate)
            _broker = node;
    }

    public void Lead()
    {
        lock (_gate)
            _broker?.Leads();
    }

    public void Tell(in BrokerEvent told)
    {
        if (!_outgoing.Writer.TryWrite(told))
            Volatile.Write(ref _dropped, 1);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _outgoing.Writer.TryComplete();
        _closing.CancelAfter(TimeSpan.FromSeconds(2));
        await _pump;
        lock (_gate)
            _broker = null;
        _closing.Dispose();
    }

    private void Hear(byte[] bytes)
    {
        NewsMessage message;
        try
        {
            message = NewsMessage.Read(bytes);
        }
        catch (Exception e) when (e is IOException or ArgumentException or FormatException)
        {
            Log.NotNews(_log, e);
            Miss();
            return;
        }

        if (message.Node == _node)
            return;
        lock (_gate)
        {
            bool gap = message.Missed || (_heard.TryGetValue(message.Node, out long last) && message.Number != last + 1);
            _heard[message.Node] = message.Number;
            if (message.Events.Count > 0)
                _broker?.Heard(message.Events);
            if (gap)
                _broker?.Missed();
        }
    }

    private void Miss()
    {
        lock (_gate)
            _broker?.Missed();
    }

    private async Task PumpAsync(ISubscriber subscriber)
    {
        var batch = new List<BrokerEvent>();
        var printed = new HashSet<Guid>();
        for (long number = 1; await MoreAsync(); number++)
        {
            while (batch.Count < MostAtOnce && _outgoing.Reader.TryRead(out var e))
            {
                if (e.Kind != EventKind.OutputAppended || printed.Add(e.JobId))
                    batch.Add(e);
            }

            try
            {
                await subscriber.PublishAsync(_channel, new NewsMessage(_node, number, Interlocked.Exchange(ref _dropped, 0) != 0, batch).Write());
                if (!subscriber.IsConnected(_channel))
                    Miss();
            }
            // The others see the gap in the numbers; what they did meanwhile is not heard here either.
            catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
            {
                Log.NotTold(_log, e);
                Miss();
                if (_disposed != 0)
                    return;
            }

            batch.Clear();
            printed.Clear();
        }
    }

    /// <summary>True when there is something to tell, or it is time for a sign of life; false at the end.</summary>
    private async ValueTask<bool> MoreAsync()
    {
        using var period = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        period.CancelAfter(Period);
        try
        {
            return await _outgoing.Reader.WaitToReadAsync(period.Token);
        }
        catch (OperationCanceledException)
        {
            return !_closing.IsCancellationRequested;
        }
    }
}

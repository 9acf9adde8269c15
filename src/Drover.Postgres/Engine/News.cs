using System.Threading.Channels;
using Drover.Events;
using Drover.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Drover.Postgres.Engine;

/// <summary>
/// Carries the brokers' events between nodes by notifications. They are sent apart from the changes, on a connection of
/// their own and without waiting for the disk: a notification in a change's own transaction would make all changes queue up.
/// What a session hears it hears in order and whole; when one is lost, its node looks for itself.
/// </summary>
internal sealed class News(NpgsqlDataSource source, Guid node, string channel, ILogger log) : IAsyncDisposable
{
    private const int MostAtOnce = 1000;
    private const string DocumentChanged = "document ";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Channel<BrokerEvent> _outgoing = Channel.CreateBounded<BrokerEvent>(
        new BoundedChannelOptions(50_000) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private ISharedStoreNode? _broker;
    private Task _pump = Task.CompletedTask;
    private int _dropped;

    public Watches Watches { get; } = new();

    public void Start() => _pump = PumpAsync();

    public void Join(ISharedStoreNode broker)
    {
        lock (_gate)
            _broker = broker;
    }

    public void Tell(in BrokerEvent told)
    {
        if (!_outgoing.Writer.TryWrite(told))
            Volatile.Write(ref _dropped, 1);
    }

    public void Lead()
    {
        lock (_gate)
            _broker?.Leads();
    }

    public void See(in StoreLook look)
    {
        lock (_gate)
            _broker?.Saw(look);
    }

    public void Miss()
    {
        Watches.Changed(null);
        lock (_gate)
            _broker?.Missed();
    }

    public void Hear(string payload)
    {
        // Told by a trigger, with the transaction that filled it.
        if (payload == "inbox")
        {
            lock (_gate)
                _broker?.InboxFilled();
            return;
        }

        if (payload.StartsWith(DocumentChanged, StringComparison.Ordinal))
        {
            Watches.Changed(payload[DocumentChanged.Length..]);
            return;
        }

        try
        {
            var message = NewsMessage.Read(payload);
            if (message.Node == node)
                return;
            lock (_gate)
            {
                if (message.Events.Count > 0)
                    _broker?.Heard(message.Events);
                if (message.Missed)
                    _broker?.Missed();
            }
        }
        catch (Exception e) when (e is IOException or ArgumentException or FormatException)
        {
            Log.NotNews(log, e);
            Miss();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _outgoing.Writer.TryComplete();
        _closing.CancelAfter(TimeSpan.FromSeconds(2));
        await _pump;
        lock (_gate)
            _broker = null;
        _closing.Dispose();
    }

    private async Task PumpAsync()
    {
        var batch = new List<BrokerEvent>();
        var printed = new HashSet<Guid>();
        NpgsqlConnection? connection = null;
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync(_closing.Token))
            {
                while (batch.Count < MostAtOnce && _outgoing.Reader.TryRead(out var e))
                {
                    // Of many pieces of a job's output one is enough.
                    if (e.Kind != EventKind.OutputAppended || printed.Add(e.JobId))
                        batch.Add(e);
                }

                bool missed = Interlocked.Exchange(ref _dropped, 0) != 0;
                while (true)
                {
                    try
                    {
                        connection ??= await source.OpenConnectionAsync(_closing.Token);
                        await using var command = connection.Command("SELECT pg_notify($1, m) FROM unnest($2) AS m").With(channel).With(NewsMessage.Write(node, missed, batch).ToArray());
                        await command.ExecuteNonQueryAsync(_closing.Token);
                        break;
                    }
                    // Not again what may have arrived: the others are told to look.
                    catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
                    {
                        Log.NotTold(log, e);
                        if (connection is not null)
                            await connection.DisposeAsync();
                        (connection, missed) = (null, true);
                        batch.Clear();
                        await Task.Delay(Pause, TimeProvider.System, _closing.Token);
                    }
                }

                batch.Clear();
                printed.Clear();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }
}

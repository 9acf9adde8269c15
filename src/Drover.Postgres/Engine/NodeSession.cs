using Drover.Events;
using Drover.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Drover.Postgres.Engine;

/// <summary>
/// This node's session, on a connection of its own: it hears the other nodes, says that this one lives, and holds the
/// leader's lock, which the server takes back the moment the session ends. It counts real time, whatever clock the jobs follow.
/// </summary>
internal sealed class NodeSession : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(22);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ShortOutage = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _closing = new();
    private readonly Guid _node = Guid.NewGuid();
    private readonly NpgsqlDataSource _source;
    private readonly Link _link;
    private readonly SharedClock _clock;
    private readonly string _schema;
    private readonly ILogger _log;
    private readonly Action _lost;
    private readonly News _news;
    private NpgsqlConnection? _connection;
    private Task _loop = Task.CompletedTask;
    private DateTime _serverStart;
    private bool _holds;
    private long _until;
    private int _outage;
    private bool _beatNow;
    private byte[] _workers = [];
    private int _disposed;

    private NodeSession(NpgsqlDataSource source, Link link, SharedClock clock, string schema, ILogger log, Action lost)
    {
        (_source, _link, _clock, _schema, _log, _lost) = (source, link, clock, schema, log, lost);
        _news = new(source, _node, schema, log);
    }

    public bool Leads => TimeProvider.System.GetTimestamp() < Volatile.Read(ref _until);

    /// <param name="source">Makes connections outside the pool.</param>
    /// <param name="link">The pool.</param>
    /// <param name="clock">The shared clock, which is set here.</param>
    /// <param name="schema">The schema; also the channel's name.</param>
    /// <param name="log">The log.</param>
    /// <param name="lost">Called when the session was lost.</param>
    public static async Task<NodeSession> StartAsync(NpgsqlDataSource source, Link link, SharedClock clock, string schema, ILogger log, Action lost)
    {
        var session = new NodeSession(source, link, clock, schema, log, lost);
        try
        {
            await Faults.AskAsync(source, writes: false, async _ =>
            {
                await session.ConnectAsync();
                return true;
            }, default);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        session._news.Start();
        session._loop = session.LoopAsync();
        return session;
    }

    public Watches Watches => _news.Watches;

    public void Join(ISharedStoreNode node) => _news.Join(node);

    public void Tell(in BrokerEvent told) => _news.Tell(told);

    /// <summary>Before leases are ended: those of workers that could not renew while the server was away are prolonged first.</summary>
    public async ValueTask AfterOutageAsync()
    {
        if (Interlocked.Exchange(ref _outage, 0) == 0)
            return;
        try
        {
            int count = await _link.WriteAsync(RefreshLeasesAsync);
            if (count > 0)
                Log.LeasesRefreshed(_log, count);
        }
        catch
        {
            Interlocked.Exchange(ref _outage, 1);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        Volatile.Write(ref _until, 0);
        await _news.DisposeAsync();
        await _closing.CancelAsync();
        await _loop;
        if (_connection is { } connection)
        {
            try
            {
                await Beat.EndAsync(connection, _schema, _node, _holds);
            }
            // It goes by itself after a while.
            catch (Exception e) when (IsFault(e))
            {
                Log.NotTold(_log, e);
            }

            await connection.DisposeAsync();
        }

        _closing.Dispose();
    }

    public async ValueTask<int> CountOthersAsync() => await _link.ReadAsync(async connection =>
    {
        await using var ask = connection.Command("SELECT count(*)::int FROM nodes WHERE id <> $1 AND seen_at > now() - interval '30 s'").With(_node);
        return (int)(await ask.ExecuteScalarAsync())!;
    }, CancellationToken.None);

    public async ValueTask ShowWorkersAsync(byte[] workers, bool soon)
    {
        Volatile.Write(ref _workers, workers);
        if (!soon)
            return;
        await _link.WriteAsync(async connection =>
        {
            await using var show = connection.Command("UPDATE nodes SET workers = $2 WHERE id = $1").With(_node).With(workers);
            return await show.ExecuteNonQueryAsync();
        });
    }

    public Task<IReadOnlyList<byte[]>> ListOtherWorkersAsync(CancellationToken cancel) => _link.ReadAsync<IReadOnlyList<byte[]>>(async connection =>
    {
        await using var ask = connection.Command("SELECT workers FROM nodes WHERE id <> $1 AND seen_at > now() - interval '30 s' AND workers IS NOT NULL").With(_node);
        await using var reader = await ask.ExecuteReaderAsync(cancel);
        var others = new List<byte[]>();
        while (await reader.ReadAsync(cancel))
            others.Add(reader.GetFieldValue<byte[]>(0));
        return others;
    }, cancel);

    private async Task ConnectAsync()
    {
        var connection = await _source.OpenConnectionAsync(_closing.Token);
        try
        {
            connection.Notification += (_, e) =>
            {
                if (e.Payload == Beat.Handover)
                    _beatNow = true;
                else
                    _news.Hear(e.Payload);
            };
            await using (var listen = connection.Command($"LISTEN {_schema}"))
                await listen.ExecuteNonQueryAsync(_closing.Token);
            await _clock.AdjustAsync(async () =>
            {
                await using var ask = connection.Command("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
                return (long)(await ask.ExecuteScalarAsync(_closing.Token))!;
            });
            await using (var ask = connection.Command("SELECT pg_postmaster_start_time(), EXISTS (SELECT FROM nodes WHERE seen_at > now() - interval '30 s')"))
            {
                await using var reader = await ask.ExecuteReaderAsync(_closing.Token);
                await reader.ReadAsync(_closing.Token);
                var start = reader.GetDateTime(0);
                // The first node after a time without any, and everyone after a restart of the server.
                if (_serverStart == default ? !reader.GetBoolean(1) : start != _serverStart)
                    Interlocked.Exchange(ref _outage, 1);
                _serverStart = start;
            }

            _holds = false;
            _connection = connection;
            await BeatAsync();
        }
        catch
        {
            _connection = null;
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task BeatAsync()
    {
        _beatNow = false;
        long until = TimeProvider.System.GetTimestamp() + (long)(Term.TotalSeconds * TimeProvider.System.TimestampFrequency);
        var (held, look) = await Beat.RunAsync(_connection!, _schema, _node, Volatile.Read(ref _workers), _holds, _clock, Patience, _closing.Token);
        bool begins = held && !_holds;
        _holds = held;
        if (_disposed != 0)
            return;
        Volatile.Write(ref _until, held ? until : 0);
        if (begins)
        {
            Log.Leads(_log);
            _news.Lead();
        }

        if (_clock.IsReal)
            _news.See(look);
    }

    private async Task LoopAsync()
    {
        long lost = 0;
        var pause = TimeSpan.Zero;
        long beat = TimeProvider.System.GetTimestamp();
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                if (_connection is null)
                {
                    await Task.Delay(pause, TimeProvider.System, _closing.Token);
                    pause = pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                    await ConnectAsync();
                    if (TimeProvider.System.GetElapsedTime(lost) > ShortOutage)
                        Interlocked.Exchange(ref _outage, 1);
                    pause = TimeSpan.Zero;
                    Log.SessionRestored(_log);
                    // What the others said meanwhile was not heard.
                    _news.Miss();
                }

                var left = Period - TimeProvider.System.GetElapsedTime(beat);
                if (!_beatNow && left > TimeSpan.Zero && await _connection!.WaitAsync(left, _closing.Token))
                    continue;
                await BeatAsync();
                beat = TimeProvider.System.GetTimestamp();
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                if (_closing.IsCancellationRequested)
                    return;
            }
            catch (Exception e) when (IsFault(e))
            {
                Volatile.Write(ref _until, 0);
                if (_connection is { } broken)
                {
                    (_connection, lost) = (null, TimeProvider.System.GetTimestamp());
                    Log.SessionLost(_log, e);
                    _lost();
                    await broken.DisposeAsync();
                }

                // Until it stands again nobody tells this node anything.
                _news.Miss();
            }
        }
    }

    private async Task<int> RefreshLeasesAsync(NpgsqlConnection connection)
    {
        await using var command = connection.Command("UPDATE running SET lease_until = $1 + lease_length").With(_clock.Steady);
        return await command.ExecuteNonQueryAsync();
    }

    private static bool IsFault(Exception e) => e is NpgsqlException or IOException or TimeoutException or System.Net.Sockets.SocketException or InvalidOperationException;
}

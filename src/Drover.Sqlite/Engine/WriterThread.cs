using System.Threading.Channels;
using Drover.Sqlite.Sql;
using Drover.Storage;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Drover.Sqlite.Engine;

/// <summary>
/// The thread that owns a database file. It drains a bounded channel of operations, puts as many as are there into one
/// transaction, commits, and only then applies them to memory and answers their callers.
/// </summary>
internal sealed class WriterThread : IAsyncDisposable
{
    /// <summary>A group ends here even when more is waiting, so that those in it are answered.</summary>
    private const int MostInGroup = 4096;

    private readonly Channel<Operation> _channel;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Operation> _group = [];
    private readonly Connection _connection;
    private readonly string _path;
    private readonly ILogger _log;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private Operation? _deferred;
    private bool _inTransaction;
    private bool _failing;

    public WriterThread(Connection connection, string path, ILogger log)
    {
        (_connection, _path, _log) = (connection, path, log);
        _channel = Channel.CreateBounded<Operation>(new BoundedChannelOptions(8192) { SingleReader = true });
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _rollback = connection.Prepare("ROLLBACK");
    }

    /// <summary>Writes what goes with every commit; answers whether there was anything.</summary>
    public Func<bool>? BeforeCommit { get; init; }

    /// <summary>Hears of every group's end, before its operations are applied or undone, and whether it was committed.</summary>
    public Action<bool>? GroupEnded { get; init; }

    /// <summary>Whether there is something to commit even when no operation waits.</summary>
    public Func<bool>? HasMore { get; init; }

    /// <summary>Whether the group is to be committed before more joins it.</summary>
    public Func<bool>? IsFull { get; init; }

    public void Start() => new Thread(Run) { IsBackground = true, Name = "drover " + Path.GetFileName(_path) }.Start();

    public ValueTask PostAsync(Operation operation, CancellationToken cancel)
    {
        if (_channel.Writer.TryWrite(operation))
            return ValueTask.CompletedTask;
        return WaitAsync();

        async ValueTask WaitAsync()
        {
            try
            {
                await _channel.Writer.WriteAsync(operation, cancel);
            }
            catch (ChannelClosedException)
            {
                throw new ObjectDisposedException(nameof(SqliteDatabase));
            }
        }
    }

    public async ValueTask<T> AskAsync<T>(Operation<T> operation, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await PostAsync(operation, cancel);
        return await operation.Task;
    }

    /// <summary>Makes the thread look whether there is something to commit. When the channel is full it does so by itself.</summary>
    public void Wake() => _channel.Writer.TryWrite(new WakeOperation());

    /// <summary>Opens the group's transaction, if it is not open.</summary>
    public void Begin()
    {
        if (_inTransaction)
            return;
        _begin.Run();
        _inTransaction = true;
    }

    /// <summary>Finishes what was asked, then ends the thread. The connection is the caller's to close.</summary>
    public async ValueTask DisposeAsync()
    {
        _channel.Writer.TryComplete();
        await _ended.Task;
    }

    private void Run()
    {
        try
        {
            while (_deferred is not null || (HasMore?.Invoke() == true && !_failing) || _channel.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                RunGroup();
        }
        catch (Exception e)
        {
            Log.WriterEnded(_log, _path, e);
            while (_channel.Reader.TryRead(out var operation))
                operation.Fail(Unavailable(e));
        }
        finally
        {
            _channel.Writer.TryComplete();
            _ended.SetResult();
        }
    }

    private void RunGroup()
    {
        _group.Clear();
        try
        {
            while (_group.Count < MostInGroup && IsFull?.Invoke() != true && TryNext(out var operation))
            {
                if (Stage(operation))
                    continue;
                _deferred = operation;
                break;
            }

            if (_group.Count > 0 || _inTransaction || HasMore?.Invoke() == true)
                Commit();
        }
        catch (Exception e)
        {
            FailGroup(e);
        }
    }

    private bool TryNext(out Operation operation)
    {
        if (_deferred is not null)
        {
            (operation, _deferred) = (_deferred, null);
            return true;
        }

        return _channel.Reader.TryRead(out operation!);
    }

    private bool Stage(Operation operation)
    {
        // Part of the group while it is staged: if SQLite fails under it, it is answered with the others.
        _group.Add(operation);
        try
        {
            switch (operation.Stage())
            {
                case StageResult.Waits:
                    return true;
                case StageResult.Conflicts:
                    _group.RemoveAt(_group.Count - 1);
                    return false;
            }
        }
        catch (Exception e) when (e is not SqliteFailure)
        {
            operation.Fail(e);
        }

        _group.RemoveAt(_group.Count - 1);
        return true;
    }

    private void Commit()
    {
        if (HasMore?.Invoke() == true || _inTransaction)
        {
            Begin();
            BeforeCommit?.Invoke();
            _commit.Run();
            _inTransaction = false;
        }

        if (_failing)
        {
            _failing = false;
            Log.Recovered(_log, _path);
        }

        GroupEnded?.Invoke(true);
        foreach (var operation in _group)
        {
            try
            {
                operation.Apply();
            }
            catch (Exception e)
            {
                Log.ApplyFailed(_log, _path, e);
                operation.Fail(Unavailable(e, inDoubt: true));
            }
        }

        _group.Clear();
    }

    private void FailGroup(Exception cause)
    {
        bool inDoubt = cause is SqliteFailure { Primary: raw.SQLITE_IOERR } && _connection.AutoCommit;
        _inTransaction = false;
        try
        {
            if (!_connection.AutoCommit)
                _rollback.Run();
        }
        catch (SqliteFailure e)
        {
            Log.RollbackFailed(_log, _path, e);
        }

        if (!_failing)
            Log.CommitFailed(_log, _path, cause);
        _failing = true;
        var error = Unavailable(cause, inDoubt);
        GroupEnded?.Invoke(false);
        for (int at = _group.Count - 1; at >= 0; at--)
            _group[at].Undo();
        foreach (var operation in _group)
            operation.Fail(error);
        _group.Clear();
    }

    private StoreUnavailableException Unavailable(Exception cause, bool inDoubt = false)
    {
        string advice = cause is SqliteFailure failure ? failure.Primary switch
        {
            raw.SQLITE_FULL => "The disk is full: free some space; nothing that was acknowledged is lost and work goes on by itself.",
            raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM => "Check the owner and the permissions of the folder and its files.",
            raw.SQLITE_IOERR => "The disk does not take what is written: check its space and its health.",
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => "The file is damaged: stop Drover and restore a backup.",
            _ => "The request was not carried out.",
        } : "This is a fault in Drover; the request was not carried out.";
        return new($"The database {_path} could not be written: {cause.Message}. {advice}", cause) { InDoubt = inDoubt };
    }
}

/// <summary>Does nothing but wake the thread.</summary>
internal sealed class WakeOperation : Operation
{
    public override StageResult Stage() => StageResult.Answered;

    public override void Fail(Exception error)
    {
    }
}

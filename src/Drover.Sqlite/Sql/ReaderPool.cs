using System.Collections.Concurrent;

namespace Drover.Sqlite.Sql;

/// <summary>Connections for reading, each with its statements; used by one caller at a time and kept for the next.</summary>
internal sealed class ReaderPool<T>(string path, Func<Connection, T> make) : IDisposable
{
    /// <summary>More than these are closed when they are no longer needed.</summary>
    private const int MostKept = 8;

    private readonly ConcurrentBag<Reader> _free = [];
    private volatile bool _disposed;

    /// <summary>Lends a connection until it is disposed of.</summary>
    public Lent Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteDatabase));
        if (_free.TryTake(out var reader))
            return new(this, reader);
        var connection = Connection.OpenReader(path);
        return new(this, new(connection, make(connection)));
    }

    public void Dispose()
    {
        _disposed = true;
        while (_free.TryTake(out var reader))
            reader.Connection.Dispose();
    }

    private void Return(Reader reader)
    {
        if (_disposed || _free.Count >= MostKept)
            reader.Connection.Dispose();
        else
            _free.Add(reader);
    }

    internal sealed record Reader(Connection Connection, T Statements);

    internal readonly ref struct Lent(ReaderPool<T> pool, Reader reader)
    {
        public T Statements => reader.Statements;

        public Connection Connection => reader.Connection;

        public void Dispose() => pool.Return(reader);
    }
}

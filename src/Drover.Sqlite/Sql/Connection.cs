using Drover.Storage;
using SQLitePCL;

namespace Drover.Sqlite.Sql;

/// <summary>
/// One connection to a database file, used by one thread at a time. It speaks to SQLite directly: on the writer's path a
/// prepared statement costs a few hundred nanoseconds this way, where ADO.NET's parameters and readers cost microseconds.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly sqlite3 _db;
    private readonly List<Statement> _statements = [];

    static Connection() => Batteries_V2.Init();

    private Connection(sqlite3 db) => _db = db;

    /// <summary>Opens, and creates when it is not there, a database for writing.</summary>
    public static Connection OpenWriter(string path)
    {
        if (!OperatingSystem.IsWindows() && !File.Exists(path))
        {
            // Commands, environments and output stand in it. SQLite gives its side files the same mode.
            var mode = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using var created = new FileStream(path, mode);
        }

        return Open(path, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
    }

    /// <summary>Opens a database for reading.</summary>
    public static Connection OpenReader(string path)
    {
        // Not read-only: a reader of a file in WAL mode must be able to write its shared-memory index.
        var connection = Open(path, raw.SQLITE_OPEN_READWRITE);
        connection.Execute("PRAGMA query_only = 1");
        connection.Execute("PRAGMA cache_size = -2048");
        return connection;
    }

    /// <summary>Whether no transaction is open; a failed commit may or may not have ended it.</summary>
    public bool AutoCommit => raw.sqlite3_get_autocommit(_db) != 0;

    public int Changes => raw.sqlite3_changes(_db);

    /// <summary>Runs statements that take and answer nothing.</summary>
    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_db, sql);
        if (code != raw.SQLITE_OK)
            throw Error(code);
    }

    /// <summary>Prepares a statement that is kept until the connection is closed.</summary>
    public Statement Prepare(string sql)
    {
        int code = raw.sqlite3_prepare_v3(_db, sql, 0x01 /* SQLITE_PREPARE_PERSISTENT */, out var handle);
        if (code != raw.SQLITE_OK)
            throw Error(code);
        var statement = new Statement(this, handle);
        _statements.Add(statement);
        return statement;
    }

    public long ReadLong(string sql)
    {
        using var statement = new Statement(this, PrepareOnce(sql));
        return statement.Step() ? statement.Long(0) : 0;
    }

    public SqliteFailure Error(int code) => new(code, raw.sqlite3_errmsg(_db).utf8_to_string());

    public void Dispose()
    {
        foreach (var statement in _statements)
            statement.Dispose();
        _db.Dispose();
    }

    private sqlite3_stmt PrepareOnce(string sql)
    {
        int code = raw.sqlite3_prepare_v2(_db, sql, out var handle);
        return code == raw.SQLITE_OK ? handle : throw Error(code);
    }

    private static Connection Open(string path, int flags)
    {
        int code = raw.sqlite3_open_v2(path, out var db, flags | 0x8000 /* SQLITE_OPEN_NOMUTEX */, null);
        var connection = new Connection(db);
        if (code != raw.SQLITE_OK)
        {
            var error = connection.Error(code);
            connection.Dispose();
            throw error;
        }

        raw.sqlite3_extended_result_codes(db, 1);
        raw.sqlite3_busy_timeout(db, 5000);
        return connection;
    }
}

/// <summary>SQLite refused something: to whoever only reads, the store is not available.</summary>
/// <param name="code">Its extended result code.</param>
/// <param name="message">What it says.</param>
internal sealed class SqliteFailure(int code, string message) : StoreUnavailableException($"{message} (SQLite code {code})")
{
    /// <summary>The primary result code.</summary>
    public int Primary { get; } = code & 0xFF;
}

using Npgsql;

namespace Drover.Postgres.Engine;

/// <summary>Shorthands for parameters and columns.</summary>
internal static class Sql
{
    public static NpgsqlCommand With<T>(this NpgsqlCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    public static NpgsqlBatchCommand With<T>(this NpgsqlBatchCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql) => new(sql, connection);

    public static NpgsqlBatchCommand Add(this NpgsqlBatch batch, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return command;
    }

    public static DateTimeOffset Time(this NpgsqlDataReader reader, int column) => new(reader.GetInt64(column), TimeSpan.Zero);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.Time(column);

    public static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static byte[]? Bytes(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);

    /// <summary>A text as PostgreSQL can keep it: it knows neither NUL nor half a surrogate pair.</summary>
    public static string? Storable(string? text)
    {
        if (text is null)
            return null;
        string clean = text.Replace('\0', '\uFFFD');
        foreach (char c in clean)
        {
            if (char.IsSurrogate(c))
                return string.Concat(clean.EnumerateRunes());
        }

        return clean;
    }
}

using System.Globalization;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Migrations;

/// <summary>Brings a database file up to the schema that this program knows: one embedded script for each version.</summary>
internal static class Migrator
{
    /// <summary>Runs the scripts that the file has not seen, each in a transaction of its own.</summary>
    /// <param name="connection">The file.</param>
    /// <param name="name">The scripts' name: NAME.001.sql and on.</param>
    /// <param name="path">The file's path, for the message.</param>
    /// <exception cref="SchemaTooNewException">The file was written by a newer version.</exception>
    public static void Migrate(Connection connection, string name, string path)
    {
        long version = connection.ReadLong("PRAGMA user_version");
        var scripts = ScriptsOf(name);
        if (version > scripts.Count)
            throw new SchemaTooNewException(path, version, scripts.Count);
        for (int next = (int)version + 1; next <= scripts.Count; next++)
        {
            connection.Execute("BEGIN IMMEDIATE");
            connection.Execute(Read(scripts[next - 1]));
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {next}"));
            connection.Execute("COMMIT");
        }
    }

    private static List<string> ScriptsOf(string name) =>
        [.. typeof(Migrator).Assembly.GetManifestResourceNames().Where(r => r.StartsWith(name + '.', StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string Read(string resource)
    {
        using var reader = new StreamReader(typeof(Migrator).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}

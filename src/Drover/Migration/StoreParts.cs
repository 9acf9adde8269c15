using Drover.Catalog;
using Drover.Storage;

namespace Drover.Migration;

/// <summary>A store with all that belongs to it.</summary>
/// <param name="Name">What it is called in messages, without a password.</param>
/// <param name="Jobs">The jobs; the target's is an <see cref="IJobArchive"/> too.</param>
/// <param name="Catalog">The documents.</param>
/// <param name="Audit">Who changed what.</param>
public sealed record StoreParts(string Name, IJobStore Jobs, ICatalog Catalog, IAuditLog Audit);

/// <summary>How far a migration is.</summary>
/// <param name="Step">What is done now: <c>catalog</c>, <c>jobs</c>, <c>audit</c>, <c>verify</c>.</param>
/// <param name="Done">How many of it are done.</param>
/// <param name="Total">Of how many.</param>
public readonly record struct MigrationProgress(string Step, long Done, long Total);

/// <summary>What a migration moved.</summary>
/// <param name="Kinds">One line for each kind of thing.</param>
/// <param name="Resumed">Whether it went on where an earlier one was broken off.</param>
public sealed record MigrationReport(IReadOnlyList<MigratedKind> Kinds, bool Resumed);

/// <summary>One kind of thing, equal in both stores.</summary>
/// <param name="Kind">What: <c>jobs</c>, <c>output</c>, <c>audit</c>, or a kind of document.</param>
/// <param name="Count">How many.</param>
/// <param name="Checksum">The SHA-256 over all of them, as both stores answer it; empty when nothing was compared (a dry run).</param>
public sealed record MigratedKind(string Kind, long Count, string Checksum);

/// <summary>A migration cannot be done, or what arrived is not what was sent.</summary>
/// <param name="message">Why, in one line for people.</param>
public sealed class MigrationException(string message) : Exception(message);

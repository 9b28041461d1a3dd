using System.Globalization;
using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>
/// Tables that look like the real one and hold something else: what a model gains from them it does not gain from knowing
/// its users.
/// </summary>
public static class KnowledgeControls
{
    /// <summary>
    /// Every user carries another user's vectors, none its own, and keeps its own ranks, so that each interaction sees as much
    /// as before. Snapshots are paired from the newest backwards; where the other has fewer, its oldest stands for the rest.
    /// </summary>
    public static KnowledgeTable WithUsersShuffled(this KnowledgeTable table, int seed)
    {
        RequireSeveralUsers(table);
        var otherOf = OneCycle(table.Users.Count, new Random(seed));
        var vectors = new float[table.UserVectors.Length];
        for (var user = 0; user < otherOf.Length; user++)
        {
            var (first, end) = table.RowsOf(user);
            var other = table.RowsOf(otherOf[user]);
            for (var row = first; row < end; row++)
            {
                var theirs = Math.Max(other.First, other.End - (end - row));
                table.UserVector(theirs).CopyTo(vectors.AsSpan(row * table.UserWidth, table.UserWidth));
            }
        }
        return new KnowledgeTable(WithArm(table, "shuffled", seed), table.Users, vectors, table.Scenarios, table.ScenarioVectors);
    }

    /// <summary>
    /// Standard normal values in place of every vector. All snapshots of a user carry the same ones, so that they tell users
    /// apart as well as an id would, and say nothing else.
    /// </summary>
    public static KnowledgeTable WithRandomVectors(this KnowledgeTable table, int seed)
    {
        var random = new Random(seed);
        var precision = table.Origin.Fingerprint.Precision;
        var users = new float[table.UserVectors.Length];
        for (var user = 0; user < table.Users.Count; user++)
        {
            var (first, end) = table.RowsOf(user);
            var vector = users.AsSpan(first * table.UserWidth, table.UserWidth);
            FillNormal(vector, random, precision);
            for (var row = first + 1; row < end; row++)
                vector.CopyTo(users.AsSpan(row * table.UserWidth, table.UserWidth));
        }
        var scenarios = new float[table.ScenarioVectors.Length];
        FillNormal(scenarios, random, precision);
        return new KnowledgeTable(WithArm(table, "random", seed), table.Users, users, table.Scenarios, scenarios);
    }

    /// <summary>Every snapshot carries the mean of all of them, which tells no user from another.</summary>
    public static KnowledgeTable WithOneVector(this KnowledgeTable table)
    {
        var mean = new double[table.UserWidth];
        for (var row = 0; row < table.Count; row++)
        {
            var vector = table.UserVector(row);
            for (var k = 0; k < mean.Length; k++)
                mean[k] += vector[k];
        }
        float[] rounded = [.. mean.Select(sum => StoredVector.Rounded((float)(sum / table.Count), table.Origin.Fingerprint.Precision))];
        var users = new float[table.UserVectors.Length];
        for (var row = 0; row < table.Count; row++)
            rounded.CopyTo(users, row * table.UserWidth);
        return new KnowledgeTable(table.Origin with { Arm = "constant" }, table.Users, users, table.Scenarios, table.ScenarioVectors);
    }

    /// <exception cref="Llm4MsrException">There is nobody to shuffle with.</exception>
    internal static void RequireSeveralUsers(KnowledgeTable table)
    {
        if (table.Users.Count == 1)
            throw new Llm4MsrException(FaultKind.BadInput, "Only one user has knowledge, so it cannot be shuffled between users.");
    }

    private static KnowledgeOrigin WithArm(KnowledgeTable table, string arm, int seed) =>
        table.Origin with { Arm = string.Create(CultureInfo.InvariantCulture, $"{arm}, seed {seed}") };

    /// <summary>A random permutation that is one cycle (Sattolo's algorithm), and so leaves nothing in its place.</summary>
    private static int[] OneCycle(int count, Random random)
    {
        var permutation = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var j = random.Next(i);
            (permutation[i], permutation[j]) = (permutation[j], permutation[i]);
        }
        return permutation;
    }

    /// <summary>Box and Muller's transform of uniform values, rounded so that the table can be saved without loss.</summary>
    private static void FillNormal(Span<float> values, Random random, KnowledgePrecision precision)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = StoredVector.Rounded((float)(radius * Math.Cos(2 * Math.PI * random.NextDouble())), precision);
        }
    }
}

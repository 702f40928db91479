//! Healing over real zdb processes: lost disks, flipped bits, cut-off runs, nodes that stay away.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_dispersal::{Check, Dataset, DispersalError, HealReport, Healing, ObjectId};
use std::{
	sync::Mutex,
	time::{Duration, Instant},
};
use support::{assert_readable, fresh, noise, open, Grid};

#[test]
fn backend_process() {
	support::serve_from_environment();
}

const FULLY: Healing =
	Healing { first: Vec::new(), check: Check::All, doubted: Vec::new(), bytes_per_second: None };
const QUICKLY: Healing = Healing {
	first: Vec::new(),
	check: Check::Presence,
	doubted: Vec::new(),
	bytes_per_second: None,
};

async fn heal(dataset: &Dataset, healing: Healing) -> HealReport {
	dataset.heal(healing, &|_, _, _| {}).await.unwrap()
}

fn objects(count: u64) -> Vec<Vec<u8>> {
	(0..count).map(|seed| noise(seed, 3000 + 97 * seed as usize)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_disk_is_filled_again() {
	let mut grid = Grid::start(5);
	let (key, dataset) = fresh(&grid, 3, 2).await;
	let all = objects(60);
	dataset.put_many(all.clone()).await.unwrap();
	grid.wipe(1);
	grid.wipe(4);
	let dataset = open(&grid, &key, 3, 2);
	let steps = Mutex::new(Vec::new());
	let report = dataset
		.heal(QUICKLY, &|step, done, all| steps.lock().unwrap().push((step, done, all)))
		.await
		.unwrap();
	assert_eq!((report.survey.objects, report.survey.missing), (60, 120));
	assert_eq!(report.survey.fewest_good(), Some(3));
	assert_eq!((report.healed_objects, report.rebuilt_shards), (60, 120));
	let steps = steps.into_inner().unwrap();
	assert!(steps.contains(&("surveying", 60, 60)) && steps.contains(&("rebuilding", 60, 60)));
	// What was computed for the checkpoint is what the nodes have.
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
	// The rebuilt shards carry the data now.
	for node in [0, 2] {
		grid.kill(node);
	}
	assert_readable(&open(&grid, &key, 3, 2), &all).await;
	let clean = heal(&open(&grid, &key, 3, 2), FULLY).await;
	assert_eq!((clean.survey.objects, clean.healed_objects, clean.survey.damaged), (60, 0, 0));
	assert_eq!(clean.survey.unreachable.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits_are_mended_in_place() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	let all = objects(12);
	dataset.put_many(all.clone()).await.unwrap();
	let logs = dataset.logs();
	let ids: Vec<ObjectId> = all.iter().map(|object| dataset.object_id(object)).collect();
	grid.damage(0, &ids[3]);
	grid.damage(2, &ids[7]);
	// To look whether shards are there is not enough to see it.
	let dataset = open(&grid, &key, 2, 1);
	let glance = heal(&dataset, QUICKLY).await;
	assert_eq!((glance.survey.missing, glance.healed_objects), (0, 0));
	let report = heal(&dataset, FULLY).await;
	assert_eq!((report.survey.damaged, report.mended_shards, report.rebuilt_shards), (2, 2, 0));
	assert_eq!(report.survey.verified, 36);
	let clean = heal(&dataset, FULLY).await;
	assert_eq!((clean.survey.damaged, clean.survey.fewest_good()), (0, Some(3)));
	assert_eq!(dataset.logs(), logs, "audited logs are as they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_had_trouble_with_is_put_right_first() {
	let mut grid = Grid::start(4);
	let (key, dataset) = fresh(&grid, 2, 2).await;
	let all = objects(20);
	dataset.put_many(all.clone()).await.unwrap();
	let ids: Vec<ObjectId> = all.iter().map(|object| dataset.object_id(object)).collect();
	grid.damage(0, &ids[4]);
	grid.damage(1, &ids[11]);
	let dataset = open(&grid, &key, 2, 2);
	assert_readable(&dataset, &all).await;
	let mut first = dataset.suspects();
	first.sort_unstable();
	let mut damaged = vec![ids[4], ids[11]];
	damaged.sort_unstable();
	assert_eq!(first, damaged);
	// Only to ask whether shards are there would not find the damage. An object that nobody has is nobody's loss.
	first.push([9; 32]);
	let report = heal(&dataset, Healing { first, ..QUICKLY }).await;
	assert_eq!((report.first.objects, report.first.damaged, report.first.missing), (2, 2, 0));
	assert_eq!((report.mended_shards, report.healed_objects, report.lost), (2, 2, 0));
	assert_eq!((report.survey.objects, report.survey.missing), (20, 0));
	assert_eq!(heal(&dataset, FULLY).await.survey.damaged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_doubted_node_holds_is_verified_whatever_the_check() {
	let mut grid = Grid::start(4);
	let (key, dataset) = fresh(&grid, 2, 2).await;
	let all = objects(20);
	dataset.put_many(all.clone()).await.unwrap();
	let ids: Vec<ObjectId> = all.iter().map(|object| dataset.object_id(object)).collect();
	// What another dataset keeps there does not open with this key, which is no damage.
	let (_, other) = fresh(&grid, 2, 2).await;
	other.put_many(objects(5)).await.unwrap();
	grid.damage(1, &ids[4]);
	grid.damage(3, &ids[4]);
	grid.damage(3, &ids[9]);
	let dataset = open(&grid, &key, 2, 2);
	let report = heal(&dataset, Healing { doubted: vec![1], ..QUICKLY }).await;
	// One shard of each object, and the three others of the one that is damaged and of those of another key.
	assert_eq!(report.survey.verified, 25 + 3 * (1 + 5));
	assert_eq!((report.survey.damaged, report.mended_shards, report.foreign), (2, 2, 0));
	let rest = heal(&dataset, FULLY).await;
	assert_eq!((rest.survey.damaged, rest.mended_shards), (1, 1), "nobody doubted the other node");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_damage_keeps_closed_is_opened_again() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	let all = objects(3);
	// Killed before its tree was ever made durable, the node has to read its log to know it, and cannot.
	dataset.put_many(all.clone()).await.unwrap();
	grid.damage(1, &dataset.object_id(&all[1]));
	let dataset = open(&grid, &key, 2, 1);
	let error = dataset.load_logs().await.unwrap_err().to_string();
	assert!(error.contains("Internal Error"), "{error}");
	let report = heal(&dataset, FULLY).await;
	assert_eq!((report.mended_shards, report.survey.unreachable.len()), (1, 0));
	dataset.load_logs().await.unwrap();
	dataset.put_many(objects(6)).await.unwrap();
	assert_eq!(heal(&dataset, FULLY).await.survey.fewest_good(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_is_gone_on_with() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	let all = objects(200);
	dataset.put_many(all.clone()).await.unwrap();
	grid.wipe(2);
	let dataset = open(&grid, &key, 2, 1);
	// So slow that it is surely not done when it is cut off.
	let slow = Healing { bytes_per_second: Some(100_000), ..QUICKLY };
	let cut = tokio::time::timeout(Duration::from_millis(1500), heal(&dataset, slow)).await;
	assert!(cut.is_err(), "it was throttled");
	let dataset = open(&grid, &key, 2, 1);
	let report = heal(&dataset, QUICKLY).await;
	let left = report.rebuilt_shards;
	assert!((1..200).contains(&left), "{left} were left");
	assert_eq!(heal(&dataset, FULLY).await.survey.fewest_good(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_kept() {
	let mut grid = Grid::start(2);
	let (key, dataset) = fresh(&grid, 1, 1).await;
	dataset.put_many((0..40).map(|seed| noise(seed, 10_000)).collect()).await.unwrap();
	grid.wipe(1);
	let healing = Healing { bytes_per_second: Some(200_000), ..QUICKLY };
	let started = Instant::now();
	let report = heal(&open(&grid, &key, 1, 1), healing).await;
	let least = Duration::from_secs_f64(report.rebuilt_bytes as f64 / 200_000.0);
	assert!(
		report.rebuilt_bytes > 400_000 && started.elapsed() >= least,
		"{:?}",
		started.elapsed()
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_healed_is_told_and_the_rest_is_healed() {
	let mut grid = Grid::start(4);
	let (key, dataset) = fresh(&grid, 2, 2).await;
	let all = objects(20);
	dataset.put_many(all.clone()).await.unwrap();
	let doomed = dataset.object_id(&all[5]);
	for node in [0, 1, 2] {
		grid.damage(node, &doomed);
	}
	grid.wipe(3);
	let dataset = open(&grid, &key, 2, 2);
	let report = heal(&dataset, FULLY).await;
	assert_eq!((report.survey.objects, report.rebuilt_shards), (20, 19));
	assert_eq!(report.lost, 1);
	let error = report.first_lost.as_ref().unwrap();
	assert!(
		matches!(error, DispersalError::TooFewShards { id, needed: 2, .. } if *id == doomed),
		"{error}"
	);
	// Parts that only one node still has are found, too, though no other lists them.
	let others: Vec<Vec<u8>> =
		all.iter().filter(|one| dataset.object_id(one) != doomed).cloned().collect();
	grid.kill(0);
	grid.kill(1);
	assert_readable(&open(&grid, &key, 2, 2), &others).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_datasets_objects_are_left_alone() {
	let mut grid = Grid::start(3);
	let (mine, dataset) = fresh(&grid, 2, 1).await;
	dataset.put_many(objects(8)).await.unwrap();
	let (other, dataset) = fresh(&grid, 2, 1).await;
	dataset.put_many(objects(5)).await.unwrap();
	grid.wipe(2);
	let report = heal(&open(&grid, &mine, 2, 1), FULLY).await;
	assert_eq!((report.survey.objects, report.survey.damaged), (13, 0));
	assert_eq!((report.healed_objects, report.foreign, report.lost), (8, 5, 0));
	let report = heal(&open(&grid, &other, 2, 1), FULLY).await;
	assert_eq!((report.healed_objects, report.foreign, report.lost), (5, 0, 0));
	grid.kill(0);
	assert_readable(&open(&grid, &mine, 2, 1), &objects(8)).await;
	assert_readable(&open(&grid, &other, 2, 1), &objects(5)).await;
}
